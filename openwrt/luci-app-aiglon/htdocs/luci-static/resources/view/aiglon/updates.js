'use strict';
'require view';
'require dom';
'require poll';
'require rpc';
'require ui';
'require aiglon.force as force';
'require aiglon.options as options';
'require aiglon.words as words';

/* What a volunteer does: the verbs of the console, each a method of rpcd that a login may be allowed or not. */

const WORDS_BYTES = 900, TITLE_BYTES = 160;

/* The verbs, with the arguments of their methods. */
const VERBS = {
	update: [ 'id', 'phase', 'say', 'lang', 'words', 'next' ],
	open: [ 'what', 'level', 'title', 'say', 'lang', 'words', 'next', 'site', 'yes' ],
	resolve: [ 'id', 'say', 'lang', 'words', 'yes' ],
	maintain: [ 'what', 'from', 'to', 'repeat', 'say', 'lang', 'words', 'site', 'yes' ],
	maintain_end: [ 'id', 'yes' ],
	banner: [ 'site', 'state', 'say', 'lang', 'words', 'yes' ],
	banner_clear: [ 'site', 'yes' ],
	undo: [ 'site', 'yes' ],
};

const callLook = rpc.declare({ object: 'luci.aiglon', method: 'look', expect: { '': {} }, reject: true });
const callIncident = rpc.declare({ object: 'luci.aiglon', method: 'incident', params: [ 'id' ], expect: { answer: {} } });
const callAccess = rpc.declare({ object: 'session', method: 'access', params: [ 'scope', 'object', 'function' ], expect: { access: false } });
const calls = Object.fromEntries(Object.entries(VERBS).map(([ verb, params ]) =>
	[ verb, rpc.declare({ object: 'luci.aiglon', method: verb, params: params, expect: { '': {} }, reject: true }) ]));

/* What this login may do. */
const may = {};

function loadRights() {
	return Promise.all(Object.keys(VERBS).map(verb => L.resolveDefault(callAccess('ubus', 'luci.aiglon', verb), false)
		.then(access => { may[verb] = access; })));
}

/* What the console tells this login, with all about each open incident. */
function look() {
	return callLook().then(told => {
		if (told.code !== 0)
			return new Error(told.error?.error ?? told.error ?? _('aiglon did not answer'));
		const open = told.status.flatMap(site => site.incidents);
		return Promise.all(open.map(one => L.resolveDefault(callIncident('%s/%d'.format(one.site, one.number)), {})))
			.then(known => Object.assign(told, { incidents: known }));
	}).catch(error => error);
}

/* ---- forms -------------------------------------------------------------------------------------------------------- */

/* A field: its name, and what makes it. */
function field(title, input, hint) {
	return E('label', { 'style': 'display:block; margin:.6em 0' }, [
		E('strong', { 'style': 'display:block' }, [ title ]), input,
		hint ? E('small', { 'style': 'display:block' }, [ hint ]) : '',
	]);
}

const WIDE = 'width:100%; max-width:100%; box-sizing:border-box';

function select(name, choices, chosen) {
	return E('select', { 'name': name, 'class': 'cbi-input-select', 'style': WIDE },
		choices.map(([ value, title ]) => E('option', { 'value': value, 'selected': value === chosen ? '' : null }, [ title ])));
}

function input(name, kind, value) {
	return E('input', { 'name': name, 'type': kind, 'class': 'cbi-input-text', 'style': WIDE, 'dir': 'auto', 'value': value ?? '' });
}

/* A phrase or own words, and below them what readers will see. */
function saying(told, needed) {
	const shown = E('div', { 'dir': 'auto', 'aria-live': 'polite', 'data-preview': '',
		'style': 'border-inline-start:4px solid; padding-inline-start:.6em; min-height:1.4em' });
	const left = E('small', {}, []);
	const phrase = select('say', [ [ '', _('own words') ] ].concat(told.phrases.map(one => [ one.phrase, one.text ])), '');
	const text = E('textarea', { 'name': 'words', 'rows': 4, 'dir': 'auto', 'class': 'cbi-input-textarea', 'style': WIDE });
	const lang = select('lang', [ [ '', _('the language of the page') ] ].concat(options.LANGUAGES), '');
	const own = E('div', {}, [
		field(_('Your words'), E('span', {}, [ text, left ]), _('An empty line parts paragraphs; - begins a list; *so* or **so** stands out.')),
		field(_('They are in'), lang),
	]);
	const show = () => {
		own.style.display = phrase.value ? 'none' : '';
		const bytes = new TextEncoder().encode(text.value).length;
		dom.content(left, [ bytes > WORDS_BYTES ? _('%d bytes too many').format(bytes - WORDS_BYTES) : '' ]);
		shown.lang = lang.value;
		dom.content(shown, [ phrase.value ? phrase.selectedOptions[0].textContent : words.preview(text.value) ]);
	};
	for (const one of [ phrase, text, lang ])
		one.addEventListener('input', show);
	show();
	return [
		field(_('A phrase'), phrase, _('Each reader sees it in their own language. Nobody translates own words.')),
		own,
		E('strong', {}, [ needed ? _('Readers will see') : _('Readers will see (words may be left out)') ]), shown,
	];
}

/* When people promise the next news. */
function promise() {
	return field(_('Next news'), input('next', 'text'), _('+2h, 18:30 or tomorrow 9:00; may be left out. The page says it, and also if it passes.'));
}

/* What is said of what was done. */
function done(verb, code, answer) {
	if (code === 5)
		return _('Done, but words that were taken away are still on the flash.');
	if (answer.firing)
		return _('Done. Alerts still fire, and the page says so.');
	if (verb === 'banner' && answer.title_kept)
		return _('Done. Worse is known, so the page keeps its first line, and shows this as your claim.');
	return _('Done. The page says it now.');
}

/* Asks for what a verb needs, and does it. The console's own words say what is wrong, or what it asks. */
function dialog(title, verb, given, content) {
	const wrong = E('div');
	const form = E('div', { 'dir': words.direction() }, content);
	const go = E('button', { 'class': 'btn cbi-button cbi-button-positive important' }, [ _('Send') ]);
	const send = yes => {
		const values = Object.assign({}, given, yes ? { yes: '1' } : {});
		for (const one of form.querySelectorAll('[name]'))
			values[one.name] = one.type === 'datetime-local' ? one.value.replace('T', ' ') : one.value.trim();
		return calls[verb](...VERBS[verb].map(name => values[name] ?? '')).then(told => {
			const { code, answer, error } = told;
			if (code === 3 && answer?.confirm) {
				dom.content(wrong, [ E('div', { 'class': 'alert-message warning', 'role': 'alert' }, [ E('p', { 'dir': 'auto' }, [ answer.confirm ]) ]) ]);
				dom.content(go, [ _('Yes, do it') ]);
				go.onclick = ui.createHandlerFn(null, () => send(true));
				return;
			}
			if (code !== 0 && code !== 5)
				throw new Error(answer?.error ?? error ?? _('aiglon did not answer'));
			ui.hideModal();
			ui.addNotification(null, [ E('p', { 'dir': words.direction() }, [ done(verb, code, answer) ]) ], code === 5 ? 'warning' : 'info');
			return refresh();
		}).catch(problem => dom.content(wrong, [ E('div', { 'class': 'alert-message danger', 'role': 'alert' }, [ E('p', { 'dir': 'auto' }, [ problem.message ]) ]) ]));
	};
	go.onclick = ui.createHandlerFn(null, () => send(false));
	ui.showModal(title, [ form, wrong, E('div', { 'class': 'right' }, [
		E('button', { 'class': 'btn', 'click': ui.hideModal }, [ _('Cancel') ]), ' ', go ]) ]);
	return send;
}

function button(title, verb, kind, call) {
	return may[verb] ? E('button', { 'class': 'btn cbi-button cbi-button-' + kind, 'style': 'margin:.2em', 'data-verb': verb, 'click': call }, [ title ]) : '';
}

/* ---- what can be done --------------------------------------------------------------------------------------------- */

const PHASES = [ 'investigating', 'identified', 'monitoring' ];

/* `2026-11-21T18:30`, so many hours from now, as a field of a browser has it. */
function hour(later) {
	const at = new Date(Date.now() + later * 3600000);
	at.setMinutes(at.getMinutes() - at.getTimezoneOffset(), 0, 0);
	return at.toISOString().slice(0, 14) + '00';
}

/* The services and their parts, by the console's names. */
function places(told, site) {
	return told.services.filter(one => one.site === site)
		.map(one => one.component ? [ one.service + '/' + one.component, '\u00a0\u00a0' + one.title ] : [ one.service, one.title ]);
}

function update(told, incident) {
	dialog(_('Post an update'), 'update', { id: id(incident) }, [
		field(_('How far are you?'), select('phase', PHASES.map(one => [ one, words.state(one) ]), PHASES.includes(incident.phase) ? incident.phase : PHASES[0])),
		...saying(told, true),
		promise(),
	]);
}

function resolve(told, incident) {
	dialog(_('Say that it is over'), 'resolve', { id: id(incident) }, saying(told, false));
}

function open(told, site) {
	dialog(_('Open an incident'), 'open', { site: site }, [
		field(_('What does not work?'), select('what', places(told, site))),
		field(_('How bad is it?'), select('level', [ [ 'outage', words.state('outage') ], [ 'degraded', words.state('degraded') ] ])),
		field(_('Title'), input('title', 'text'), _('No addresses of houses, no names of people.')),
		...saying(told, false),
		promise(),
	]);
}

function maintain(told, site) {
	dialog(_('Plan work'), 'maintain', { site: site }, [
		field(_('On what?'), select('what', places(told, site))),
		field(_('From'), input('from', 'datetime-local', hour(1)), _('In the time zone of the page.')),
		field(_('Until'), input('to', 'datetime-local', hour(3))),
		field(_('Again'), select('repeat', [ [ '', _('once') ], [ 'weekly', words.state('weekly') ], [ 'monthly', words.state('monthly') ] ])),
		...saying(told, false),
	]);
}

function banner(told, site) {
	dialog(_('Write at the top of the page'), 'banner', { site: site }, [
		field(_('State'), select('state', [ [ '', _('as the monitoring says') ] ].concat([ 'operational', 'degraded', 'outage', 'maintenance' ].map(one => [ one, words.state(one) ]))),
			_('A state stays until the banner is taken away.')),
		...saying(told, false),
	]);
}

function id(one) {
	return '%s/%d'.format(one.site, one.incident ?? one.number);
}

/* ---- what there is ------------------------------------------------------------------------------------------------ */

function incident(told, title, one) {
	const said = (one.steps ?? []).filter(step => step.words).slice(-3);
	return E('div', { 'class': 'cbi-section-node', 'style': 'padding:.6em' }, [
		E('h4', {}, [ E('bdi', {}, [ one.title || title(one.service) ]) ]),
		E('p', {}, [ words.badge(one.level), ' ', words.state(one.phase), ' — ', words.time(one.began) ]),
		...said.map(step => E('div', {}, [ E('small', {}, [ words.time(step.at), ' ', E('bdi', {}, [ step.who ?? '' ]) ]), words.said(step.words) ])),
		E('div', {}, [
			button(_('Post an update'), 'update', 'action', () => update(told, one)),
			button(_('It is over'), 'resolve', 'positive', () => resolve(told, one)),
		]),
	]);
}

function planned(title, one) {
	return E('div', { 'class': 'cbi-section-node', 'style': 'padding:.6em' }, [
		E('h4', {}, [ _('Planned work'), ': ', E('bdi', {}, [ title(one.component ?? one.service) ]) ]),
		E('p', {}, [ words.time(one.starts), ' — ', words.time(one.ends), one.repeats ? ', ' + words.state(one.repeats) : '' ]),
		words.said(one.words),
		button(_('End it'), 'maintain_end', 'negative', () =>
			dialog(_('End it'), 'maintain_end', { id: id(one) }, [ E('p', {}, [ _('Planned work that repeats ends for good.') ]) ])(false)),
	]);
}

function site(told, status) {
	const known = Object.fromEntries(told.services.filter(one => one.site === status.site).map(one => [ one.component ?? one.service, one.title ]));
	const title = name => known[name] ?? name;
	const incidents = status.incidents.map(one => told.incidents.find(all => all.site === one.site && all.incident === one.number) ?? one);
	return words.section(told.sites.find(one => one.site === status.site)?.title ?? status.site, [
		E('p', {}, [ words.badge(status.state, words.headline(status.state)) ]),
		status.words || status.banner ? E('div', { 'class': 'cbi-section-node', 'style': 'padding:.6em' }, [
			E('h4', {}, [ _('At the top of the page') ]), status.banner ? words.badge(status.banner) : '', words.said(status.words),
			button(_('Take it away'), 'banner_clear', 'negative', () =>
				dialog(_('Take it away'), 'banner_clear', { site: status.site }, [ words.said(status.words) ])(false)),
		]) : '',
		...incidents.map(one => incident(told, title, one)),
		incidents.length ? '' : E('p', {}, [ E('em', {}, [ _('No incident is open.') ]) ]),
		E('p', {}, [
			button(_('Open an incident'), 'open', 'add', () => open(told, status.site)),
			button(_('Plan work'), 'maintain', 'add', () => maintain(told, status.site)),
			button(_('Write at the top'), 'banner', 'add', () => banner(told, status.site)),
			/* The console says what it would take back, and asks. */
			button(_('Undo'), 'undo', 'reset', () => dialog(_('Undo'), 'undo', { site: status.site }, [])(false)),
		]),
		...status.maintenance.map(one => planned(title, one)),
	]);
}

function contents(told) {
	if (told instanceof Error)
		return [ E('div', { 'class': 'alert-message danger' }, [ E('pre', { 'style': 'white-space:pre-wrap', 'dir': 'ltr' }, [ told.message ]) ]) ];
	return [ E('p', {}, [ _('You write as %s. No page shows it.').format(told.user) ]), ...told.status.map(one => site(told, one)) ];
}

const place = E('div');

function refresh() {
	return look().then(told => dom.content(place, contents(told)));
}

return view.extend({
	load: function() {
		return Promise.all([ force.load(), look(), loadRights() ]);
	},

	render: function([ known, told ]) {
		dom.content(place, contents(told));
		poll.add(refresh, 20);
		return E('div', { 'dir': words.direction() }, [
			E('h2', {}, [ _('Updates') ]),
			E('div', { 'class': 'cbi-map-descr' }, [ _('What people say of it, in words. All of it is public.') ]),
			force.place(known),
			place,
		]);
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null,
});
