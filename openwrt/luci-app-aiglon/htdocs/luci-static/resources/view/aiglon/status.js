'use strict';
'require view';
'require fs';
'require poll';
'require dom';
'require rpc';
'require ui';
'require uci';
'require aiglon.force as force';
'require aiglon.words as words';

/* What the console tells; the page itself tells visitors less. */

const AIGLON = '/usr/bin/aiglon';

/* Each is one command of the console, which the ACL names in full. */
const QUESTIONS = [ 'status', 'sites', 'services', 'sources', 'heartbeats', 'rules', 'limits' ];

const LOG_LINES = 30;

const callIncident = rpc.declare({ object: 'luci.aiglon', method: 'incident', params: [ 'id' ], expect: { answer: {} } });

function ask(what) {
	return fs.exec(AIGLON, [ 'console', '--json', what ]).then(function(result) {
		if (result.code !== 0)
			throw new Error(result.stderr || result.stdout || _('aiglon did not answer'));
		return JSON.parse(result.stdout);
	});
}

/* The answers by question, with all about each open incident; or why there are none. */
function answers() {
	return Promise.all(QUESTIONS.map(ask)).then(found => {
		const told = Object.fromEntries(QUESTIONS.map((question, at) => [ question, found[at] ]));
		const open = told.status.flatMap(site => site.incidents);
		return Promise.all(open.map(one => L.resolveDefault(callIncident('%s/%d'.format(one.site, one.number)), {})))
			.then(known => Object.assign(told, { incidents: known }));
	});
}

function output(command, ...rest) {
	return fs.exec(command, rest).then(result => result.stdout ?? '').catch(() => '');
}

function load() {
	return Promise.all([
		answers().catch(error => error),
		output(AIGLON, '--version'),
		output('/sbin/logread', '-e', 'aiglon'),
	]);
}

/* ---- the daemon --------------------------------------------------------------------------------------------------- */

function act(action) {
	return fs.exec('/etc/init.d/aiglon', [ action ]).then(result => {
		if (result.code !== 0)
			throw new Error(result.stderr || result.stdout || _('aiglon did not answer'));
	}).catch(error => ui.addNotification(null, [ E('p', {}, [ error.message ]) ], 'danger'));
}

function button(title, kind, action) {
	return E('button', {
		'class': 'btn cbi-button cbi-button-' + kind,
		'disabled': L.hasViewPermission() ? null : '',
		'click': ui.createHandlerFn(null, () => act(action).then(refresh)),
	}, [ title ]);
}

function daemon(told, version) {
	const runs = !(told instanceof Error);
	const name = version.trim() || 'aiglon';
	const buttons = runs ? [ button(_('Restart'), 'reload', 'restart'), ' ', button(_('Stop'), 'negative', 'stop') ]
		: [ button(_('Start'), 'positive', 'start') ];
	return words.section(_('Daemon'), [
		E('p', {}, [ runs ? words.badge('operational', _('Runs')) : words.badge('outage', _('Does not run')), ' ', E('bdi', {}, [ name ]) ]),
		/* The console says why, with the reason that a start left. */
		runs ? '' : E('pre', { 'style': 'white-space:pre-wrap', 'dir': 'ltr' }, [ told.message.trim() ]),
		E('p', {}, buttons),
	]);
}

/* ---- a site ------------------------------------------------------------------------------------------------------- */

/* Titles as visitors know them, by the names of sections. */
function titles(services) {
	const known = {};
	for (const one of services)
		known[[ one.site, one.service, one.component ?? '' ].join('/')] = one.title;
	return (site, service, component) => known[[ site, service, component ?? '' ].join('/')] ?? component ?? service;
}

function site(status, told) {
	const title = titles(told.services);
	const place = told.sites.find(one => one.site === status.site);
	const address = words.address(uci.sections('aiglon', 'site').find(one => one['.name'] === status.site), uci.sections('aiglon', 'listen'));
	const open = status.incidents.map(one => told.incidents.find(all => all.site === one.site && all.incident === one.number) ?? one);
	const faults = [ 'monitoring', 'program', 'storage', 'console', 'restart' ].filter(name => status[name]);
	return words.section(place?.title ?? status.site, [
		E('p', {}, [ words.badge(status.state, words.headline(status.state)), ' ',
			address ? E('a', { 'href': address, 'target': '_blank', 'rel': 'noreferrer', 'dir': 'ltr', 'style': 'overflow-wrap:anywhere' }, [ address ]) : '' ]),
		...faults.map(name => E('div', { 'class': 'alert-message warning' }, [ E('strong', {}, [ name ]), ': ', String(status[name]) ])),
		status.words || status.banner ? E('blockquote', {}, [ status.banner ? words.badge(status.banner) : '', words.said(status.words) ]) : '',
		words.table([ _('Service'), _('Component'), _('State'), _('Since') ],
			status.components.map(c => [ E('bdi', {}, [ title(status.site, c.service) ]), E('bdi', {}, [ title(status.site, c.service, c.component) ]),
				words.badge(c.why === 'maintenance' ? 'maintenance' : c.state), c.state !== 'operational' && c.since ? words.time(c.since) : '' ]),
			_('This site has no components yet.')),
		open.length
			? words.table([ _('Incident'), _('Service'), _('State'), _('Began'), _('Last words') ],
				open.map(i => [ String(i.incident ?? i.number), E('span', {}, [ E('bdi', {}, [ title(status.site, i.service) ]),
					...(i.title ? [ ': ', E('bdi', {}, [ i.title ]) ] : []) ]),
					words.badge(i.level, i.phase ? words.state(i.phase) : null), words.time(i.began), lastWords(i) ]), '')
			: '',
		status.maintenance.length
			? words.table([ _('Planned work'), _('Begins'), _('Ends'), _('Last words') ],
				status.maintenance.map(m => [ E('bdi', {}, [ title(status.site, m.service, m.component) ]), words.time(m.starts), words.time(m.ends), words.said(m.words) ]), '')
			: '',
	]);
}

function lastWords(incident) {
	return words.said((incident.steps ?? []).filter(step => step.words).pop()?.words);
}

/* ---- those who report --------------------------------------------------------------------------------------------- */

function reports(told) {
	const nodes = [ words.section(_('Sources'), [ words.table([ _('Source'), _('State'), _('Last heard'), _('Alerts') ],
		told.sources.map(s => [ s.source, words.badge(s.state), words.time(s.last_heard), String(s.alerts) ]),
		_('Nobody may push yet: add a source, and give its token to the sender.')) ]) ];
	if (told.heartbeats.length)
		nodes.push(words.section(_('Heartbeats'), [ words.table([ _('Heartbeat'), _('State'), _('Last heard'), _('Source') ],
			told.heartbeats.map(h => [ h.heartbeat, words.badge(h.state), words.time(h.last_heard), h.source ]), '') ]));
	if (told.rules.length)
		nodes.push(words.section(_('Rules'), [ words.table([ _('Rule'), _('State'), _('Source') ],
			told.rules.map(r => [ r.rule, words.badge(r.state), r.source ]), '') ]));
	return nodes;
}

/* Stores that were too full at least once. */
function full(limits) {
	const refused = limits.limits.filter(limit => limit.refused > 0);
	const content = [];
	if (limits.storage_fault)
		content.push(E('div', { 'class': 'alert-message danger' },
			[ _('The flash cannot be written: what happens now is in memory only.'), ' ', String(limits.storage_fault) ]));
	if (refused.length)
		content.push(words.table([ _('Store'), _('Used'), _('Limit'), _('Refused') ],
			refused.map(l => [ l.name, String(l.used), String(l.limit), String(l.refused) ]), ''));
	return content.length ? [ words.section(_('What is full'), content) ] : [];
}

function log(lines) {
	/* The word may stand in lines of others, as those of cron. The newest comes first: why it does not run, say. */
	const own = lines.split('\n').filter(line => (/\baiglon(\[\d+\])?: /).test(line)).slice(-LOG_LINES).reverse();
	return own.length ? [ words.section(_('Log'), [ E('pre', { 'style': 'white-space:pre-wrap; overflow-wrap:anywhere; max-height:20em; overflow:auto', 'dir': 'ltr' },
		[ own.join('\n') ]) ]) ] : [];
}

function contents([ told, version, lines ]) {
	if (told instanceof Error)
		return [ daemon(told, version), ...log(lines) ];
	return [ ...told.status.map(one => site(one, told)), ...reports(told), ...full(told.limits), daemon(told, version), ...log(lines) ];
}

const place = E('div');

function refresh() {
	return load().then(fresh => dom.content(place, contents(fresh)));
}

return view.extend({
	load: function() {
		return Promise.all([ force.load(), load(), uci.load('aiglon') ]);
	},

	render: function([ known, data ]) {
		dom.content(place, contents(data));
		poll.add(refresh, 10);
		return E('div', { 'dir': words.direction() }, [
			E('h2', {}, [ _('Status page') ]),
			E('div', { 'class': 'cbi-map-descr' }, [ _('What aiglon knows now.') ]),
			force.place(known),
			place,
		]);
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null,
});
