# vmalert, with the same rules. The token's file holds nothing else.
vmalert \
  -rule=aiglon.rules.yml \
  -datasource.url=http://127.0.0.1:8428 \
  -notifier.url=http://192.168.1.1:8081 \
  -notifier.bearerTokenFile=aiglon.token
