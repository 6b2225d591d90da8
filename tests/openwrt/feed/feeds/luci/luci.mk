# As LuCI's: it makes a package of what a Makefile says before it reads this. Here that is told.
.DEFAULT_GOAL:=show

show:
	@echo 'LUCI_DEPENDS=$(LUCI_DEPENDS)'
	@echo 'LUCI_MAINTAINER=$(LUCI_MAINTAINER)'
	@echo 'LUCI_PKGARCH=$(LUCI_PKGARCH)'
	@echo 'LUCI_TITLE=$(LUCI_TITLE)'
	@echo 'LUCI_URL=$(LUCI_URL)'
	@echo 'PKG_LICENSE=$(PKG_LICENSE)'
	@echo 'PKG_VERSION=$(PKG_VERSION)-r$(PKG_RELEASE)'

install:
	mkdir -p $(DESTDIR)/www
	cp -pR htdocs/* $(DESTDIR)/www
	cp -pR root/* $(DESTDIR)
