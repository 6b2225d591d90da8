'use strict';
'require view';
'require fs';
'require poll';
'require dom';
'require aiglon.force as force';

/* What the console tells; the page itself tells visitors less. Nothing is changed here: who posts updates does so by SSH. */

const AIGLON = '/usr/bin/aiglon';

/* Each is one command of the console, which the ACL names in full. */
const QUESTIONS = [ 'status', 'sources', 'heartbeats', 'rules', 'limits' ];

/* The console's words. */
const STATES = {
	/* of sites, components and incidents */
	'operational': _('Works'),
	'degraded': _('Works badly'),
	'outage': _('Does not work'),
	'maintenance': _('Planned work'),
	'no data': _('Nobody knows'),
	/* of sources */
	'heard': _('Alive'),
	'silent': _('Silent'),
	'never heard': _('Never heard'),
	/* of heartbeats */
	'not heard yet': _('Never heard'),
	'clock not set': _('Clock not set'),
	'on time': _('On time'),
	'late': _('Late'),
	'failed': _('Failed'),
	/* of rules */
	'well': _('All right'),
	'pending': _('About to fire'),
	'firing': _('Fires'),
	'absent': _('Nothing comes'),
};

function ask(what) {
	return fs.exec(AIGLON, [ 'console', '--json', what ]).then(function(result) {
		if (result.code !== 0)
			throw new Error(result.stderr || result.stdout || _('aiglon did not answer'));
		return JSON.parse(result.stdout);
	});
}

/* The answers, by question; or why there are none. */
function load() {
	return Promise.all([
		Promise.all(QUESTIONS.map(ask)).catch(error => error),
		force.load(),
	]);
}

function state(word) {
	return STATES[word] ?? word ?? '';
}

/* The browser's own way to write a time; the page has the site's. */
function time(text) {
	return text ? new Date(text).toLocaleString() : _('not known');
}

function table(titles, rows, none) {
	const head = E('tr', { 'class': 'tr table-titles' }, titles.map(title => E('th', { 'class': 'th' }, [ title ])));
	const body = rows.map(cells => E('tr', { 'class': 'tr' },
		cells.map((cell, index) => E('td', { 'class': 'td', 'data-title': titles[index] }, [ cell ?? '' ]))));
	const empty = E('tr', { 'class': 'tr placeholder' }, [ E('td', { 'class': 'td' }, [ E('em', {}, [ none ]) ]) ]);
	return E('table', { 'class': 'table' }, [ head ].concat(body.length ? body : [ empty ]));
}

function section(title, content) {
	return E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ title ]) ].concat(content));
}

function site(status) {
	return section('%s: %s'.format(status.site, state(status.state)), [
		table([ _('Service'), _('Component'), _('State'), _('Since') ],
			status.components.map(c => [ c.service, c.component, state(c.state), c.state === 'operational' ? '' : time(c.since) ]),
			_('This site has no components yet.')),
		status.incidents.length
			? table([ _('Incident'), _('Service'), _('State'), _('Began') ],
				status.incidents.map(i => [ String(i.number), i.service, i.title ?? state(i.level), time(i.began) ]), '')
			: '',
	]);
}

/* Stores that were too full at least once. */
function full(limits) {
	const refused = limits.limits.filter(limit => limit.refused > 0);
	const content = [];
	if (limits.storage_fault)
		content.push(E('div', { 'class': 'alert-message warning' },
			[ _('The flash cannot be written: what happens now is in memory only.'), ' ', String(limits.storage_fault) ]));
	if (refused.length)
		content.push(table([ _('Store'), _('Used'), _('Limit'), _('Refused') ],
			refused.map(l => [ l.name, String(l.used), String(l.limit), String(l.refused) ]), ''));
	return content.length ? section(_('What is full'), content) : '';
}

function contents([ answers, known ]) {
	const nodes = force.render(known);
	if (answers instanceof Error) {
		/* That nobody answers has been said. */
		if (nodes.length === 0)
			nodes.push(E('div', { 'class': 'alert-message warning' }, [ E('pre', {}, [ answers.message ]) ]));
		return nodes;
	}
	const [ status, sources, heartbeats, rules, limits ] = answers;
	nodes.push(...status.map(site));
	nodes.push(section(_('Sources'), [ table([ _('Source'), _('State'), _('Last heard'), _('Alerts') ],
		sources.map(s => [ s.source, state(s.state), time(s.last_heard), String(s.alerts) ]),
		_('Nobody may push yet: add a source, and give its token to the sender.')) ]));
	if (heartbeats.length)
		nodes.push(section(_('Heartbeats'), [ table([ _('Heartbeat'), _('State'), _('Last heard'), _('Source') ],
			heartbeats.map(h => [ h.heartbeat, state(h.state), time(h.last_heard), h.source ]), '') ]));
	if (rules.length)
		nodes.push(section(_('Rules'), [ table([ _('Rule'), _('State'), _('Source') ],
			rules.map(r => [ r.rule, state(r.state), r.source ]), '') ]));
	nodes.push(full(limits));
	return nodes;
}

return view.extend({
	load: load,

	render: function(data) {
		const place = E('div', {}, contents(data));
		poll.add(() => load().then(fresh => dom.content(place, contents(fresh))), 10);
		return E('div', {}, [
			E('h2', {}, [ _('Status page') ]),
			E('div', { 'class': 'cbi-map-descr' }, [ _('What aiglon knows now. Updates in words are posted by SSH.') ]),
			place,
		]);
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null,
});
