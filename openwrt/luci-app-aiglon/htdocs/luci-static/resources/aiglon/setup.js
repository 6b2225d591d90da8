'use strict';
'require baseclass';
'require dom';
'require fs';
'require rpc';
'require ui';
'require uci';
'require aiglon.options as options';
'require aiglon.words as words';

/* Asks what a newcomer knows, and makes sections of it, while the file is the package's own: nobody reports to it yet. */

const WIDE = 'width:100%; max-width:30em; box-sizing:border-box';

/* What the page calls the way to the Internet. */
const UPLINK = { 'ar': 'الاتصال بالإنترنت', 'en': 'Internet connection', 'fr': 'Connexion à Internet', 'nl': 'Internetverbinding' };

const INGEST = 8081;

/* Writes the line of `cronLine` into root's crontab. */
const callSchedule = rpc.declare({ object: 'luci.aiglon', method: 'schedule', params: [ 'heartbeat', 'target' ], expect: { '': {} }, reject: true });

function isNew() {
	return [ 'source', 'component', 'heartbeat', 'rule' ].every(type => uci.sections('aiglon', type).length === 0) &&
		uci.sections('aiglon', 'site').length === 1;
}

/* A name of a section that is free, made of what people call it. Sections of all types share their names. */
function free(text, usual) {
	const plain = text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 24) || usual;
	let name = plain;
	for (let more = 2; uci.get('aiglon', name); more++)
		name = plain + more;
	return name;
}

/* Makes a section, and returns its name. */
function make(type, name, values) {
	uci.add('aiglon', type, name);
	for (const [ option, value ] of Object.entries(values))
		uci.set('aiglon', name, option, value);
	return name;
}

/* A token, and the hash that the file has. */
function token() {
	return fs.exec('/usr/bin/aiglon', [ 'token' ]).then(result => {
		const [ secret, line ] = (result.stdout ?? '').split('\n');
		const hash = /'(sha256:[0-9a-f]{64})'/.exec(line ?? '');
		if (result.code !== 0 || !hash)
			throw new Error(result.stderr || _('no token was made'));
		return [ secret, hash[1] ];
	});
}

function command(...lines) {
	return E('pre', { 'dir': 'ltr', 'style': 'white-space:pre-wrap; overflow-wrap:anywhere' }, [ lines.join('\n') ]);
}

/* What the page calls the way to the Internet, in each language. */
function uplinkNames(site) {
	const names = { name: UPLINK[uci.get('aiglon', site, 'lang')] };
	for (const [ tag ] of options.LANGUAGES)
		names['name_' + tag] = UPLINK[tag];
	return names;
}

/* As rpcd's plug-in writes it. Once aiglon is gone, it does nothing. */
function cronLine({ heartbeat, target }) {
	return '* * * * * test -x /usr/bin/aiglon && ping -q -c 2 -w 5 ' + target + ' >/dev/null && aiglon beat ' + heartbeat;
}

/* The router's own way to the Internet: a heartbeat of its own cron, without a token. Returns what cron has to know. */
function watchUplink(site, target) {
	const service = make('service', free('internet'), Object.assign({ site: site }, uplinkNames(site)));
	const source = make('source', free('router'), { site: site, silent_after: '10m' });
	const component = make('component', free('uplink'), Object.assign({ service: service, source: [ source ] }, uplinkNames(site)));
	const heartbeat = make('heartbeat', free('uplink_up'), { source: source, component: component, every: '1m', grace: '3m' });
	return { heartbeat: heartbeat, target: target };
}

/* Something elsewhere that sends heartbeats with a token of its own. Without a service it is one itself. */
function watchOther(site, name, service, [ secret, hash ]) {
	const source = make('source', free(name, 'part'), { site: site, token: [ hash ], silent_after: '10m' });
	const component = make('component', free(source + '_works'),
		{ service: service ?? make('service', free(source + '_service'), { site: site, name: name }), name: name, source: [ source ] });
	const heartbeat = make('heartbeat', free(source + '_beats'), { source: source, component: component, every: '1m', grace: '3m' });
	return [
		E('p', {}, [ _('On the machine of "%s", in the file /etc/aiglon.curl, which its owner alone may read (mode 0600). The token is shown this once:').format(name) ]),
		command('user = "' + source + ':' + secret + '"'),
		E('p', {}, [ _('and in its crontab:') ]),
		command('* * * * * curl -fsS -X POST -K /etc/aiglon.curl http://%s:%d/api/v1/heartbeat/%s'.format(window.location.hostname, INGEST, heartbeat)),
	];
}

/* Others reach the router on its LAN. */
function listenForOthers() {
	if (uci.sections('aiglon', 'listen').some(one => L.toArray(one.serve).includes('ingest') && !/^(127\.|\[::1\]|unix:)/.test(one.address)))
		return;
	make('listen', free('lan_senders'), { address: 'lan:' + INGEST, serve: [ 'ingest' ], plaintext: '1' });
}

/* Sections of the answers, once there are all tokens; resolves with what is left to do, and with what cron has to know. */
function makeSections(answers) {
	const others = [ answers.antenna, answers.service ].filter(name => name);
	return Promise.all(others.map(token)).then(tokens => {
		const site = uci.sections('aiglon', 'site')[0]['.name'];
		const before = uci.sections('aiglon', 'service').map(one => one['.name']);
		uci.set('aiglon', site, 'lang', answers.lang);
		uci.set('aiglon', site, 'title', answers.title);
		/* The introduction says that the page is new. */
		uci.unset('aiglon', site, 'intro');
		for (const [ tag ] of options.LANGUAGES) {
			uci.unset('aiglon', site, 'intro_' + tag);
			if (answers['title_' + tag])
				uci.set('aiglon', site, 'title_' + tag, answers['title_' + tag]);
		}
		const task = answers.uplink ? watchUplink(site, answers.target) : null;
		const left = [];
		if (others.length) {
			listenForOthers();
			left.push(E('p', { 'class': 'alert-message warning' }, [ _('Tokens cross your network in the clear. Over the network of somebody else, use WireGuard, and its network in place of "lan" among the listeners.') ]));
		}
		if (answers.antenna)
			left.push(...watchOther(site, answers.antenna, before[0], tokens.shift()));
		if (answers.service)
			left.push(...watchOther(site, answers.service, null, tokens.shift()));
		/* A service without parts can never be known to be well. */
		for (const name of before)
			if (!uci.sections('aiglon', 'component').some(one => one.service === name))
				uci.remove('aiglon', name);
		return [ left, task ];
	});
}

function input(name, more) {
	return E('input', Object.assign({ 'name': name, 'type': 'text', 'class': 'cbi-input-text', 'style': WIDE, 'dir': 'auto' }, more));
}

function field(title, widget, hint) {
	return E('label', { 'style': 'display:block; margin:.6em 0' }, [
		E('strong', { 'style': 'display:block' }, [ title ]), widget, hint ? E('small', { 'style': 'display:block' }, [ hint ]) : '' ]);
}

function read(form) {
	const answers = {};
	for (const one of form.querySelectorAll('[name]'))
		answers[one.name] = one.type === 'checkbox' ? one.checked : one.value.trim();
	if (!answers.title)
		throw new Error(_('The place needs a name.'));
	if (!answers.uplink && !answers.antenna && !answers.service)
		throw new Error(_('Choose something to watch.'));
	if (answers.uplink && !/^[A-Za-z0-9:][A-Za-z0-9.:-]*$/.test(answers.target))
		throw new Error(_('Which address is to be pinged?'));
	return answers;
}

/* Asks whether cron's line may be written, and writes it. A login that may not can copy it. */
function askForTask(task) {
	const wrong = E('div');
	const add = () => callSchedule(task.heartbeat, task.target).then(reply => {
		if (reply.code !== 0)
			throw new Error(reply.error);
		return apply();
	}).catch(error => dom.content(wrong, [ E('div', { 'class': 'alert-message danger', 'role': 'alert' }, [
		E('p', {}, [ _('It was not added: %s').format(error.message) ]),
		E('p', {}, [ _('Copy this line into the scheduled tasks of the router:'), ' ',
			E('a', { 'href': L.url('admin/system/crontab'), 'target': '_blank' }, [ _('Scheduled Tasks') ]) ]) ]) ]));
	return [
		[ E('p', {}, [ _('This line among the scheduled tasks of the router tells the page every minute that the Internet answers:') ]),
			command(cronLine(task)), E('p', {}, [ _('May aiglon add it?') ]), wrong ],
		[ button(_('Apply without it'), 'data-apply', apply), ' ', button(_('Add it, and apply'), 'data-add', add, true) ],
	];
}

function button(words, name, go, first) {
	return E('button', { 'class': 'btn cbi-button ' + (first ? 'cbi-button-positive important' : 'cbi-button-neutral'), [name]: '',
		'click': ui.createHandlerFn(null, go) }, [ words ]);
}

/* LuCI opens the page anew after that. */
function apply() {
	ui.hideModal();
	return ui.changes.apply(true);
}

/* What is left to do, and then the file is applied. */
function finish([ left, task ]) {
	const [ question, buttons ] = task ? askForTask(task) : [ [], [ button(_('I have copied them: apply'), 'data-apply', apply, true) ] ];
	const copy = left.length ? [ E('p', {}, [ E('strong', {}, [ _('Copy these lines first: they are not shown again.') ]) ]) ] : [];
	ui.showModal(_('Almost done'), [ E('div', { 'dir': words.direction() }, [].concat(copy, left, question)), E('div', { 'class': 'right' }, buttons) ]);
}

function form() {
	const wrong = E('div');
	const inside = E('div', { 'class': 'cbi-section', 'data-setup': '', 'dir': words.direction() });
	const go = () => Promise.resolve(dom.content(wrong, [])).then(() => makeSections(read(inside))).then(rest => uci.save().then(() => finish(rest)))
		.catch(error => dom.content(wrong, [ E('div', { 'class': 'alert-message danger', 'role': 'alert' }, [ E('p', {}, [ error.message ]) ]) ]));
	dom.content(inside, [
		E('h3', {}, [ _('Set the page up') ]),
		E('p', {}, [ _('Nobody reports to this page yet. Three answers make it true; everything can be changed below later.') ]),
		E('h4', {}, [ _('1. What is this place called?') ]),
		field(_('Name'), input('title', { 'placeholder': 'Antenne Héron' }), _('Visitors read it at the top. No address of a house.')),
		field(_('Language'), E('select', { 'name': 'lang', 'class': 'cbi-input-select', 'style': WIDE },
			options.LANGUAGES.map(([ tag, title ]) => E('option', { 'value': tag, 'selected': tag === usual() ? '' : null }, [ title ]))),
			_('For visitors whose languages aiglon does not speak.')),
		E('details', {}, [ E('summary', {}, [ _('In other languages') ]) ].concat(options.LANGUAGES.map(([ tag, title ]) => field(title, input('title_' + tag, { 'lang': tag }))))),
		E('h4', {}, [ _('2. What is to be watched?') ]),
		E('label', {}, [ E('input', { 'type': 'checkbox', 'name': 'uplink', 'checked': '' }), ' ', _('the way of this router to the Internet') ]),
		field(_('by a ping to'), input('target', { 'placeholder': '192.0.2.1', 'dir': 'ltr' }), _('An address that you trust to answer, as that of your provider.')),
		field(_('another antenna, which is called'), input('antenna'), _('Empty: none.')),
		field(_('a service or a server, which is called'), input('service'), _('Empty: none.')),
		wrong,
		E('div', { 'class': 'right' }, [ E('button', { 'class': 'btn cbi-button cbi-button-positive important', 'click': ui.createHandlerFn(null, go) }, [ _('3. Make the page') ]) ]),
	]);
	return inside;
}

/* The language of LuCI, if pages have it. */
function usual() {
	const tag = document.documentElement.lang.split('-')[0];
	return options.LANGUAGES.some(([ known ]) => known === tag) ? tag : 'en';
}

return baseclass.extend({
	place: () => isNew() ? form() : E('div'),
});
