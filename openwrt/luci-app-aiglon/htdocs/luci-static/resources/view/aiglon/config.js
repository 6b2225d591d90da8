'use strict';
'require view';
'require form';
'require fs';
'require ui';
'require uci';
'require poll';
'require dom';
'require aiglon.force as force';

/*
 * Forms for /etc/config/aiglon. What is right is known to `aiglon check` alone, whose words the tab "Status" shows; here stand
 * names, kinds and hints. Whoever edits the file by hand finds more in config.example: LuCI leaves what it does not know, but
 * comments are lost when it saves.
 */

const LANGUAGES = [ [ 'ar', _('Arabic') ], [ 'en', _('English') ], [ 'fr', _('French') ], [ 'nl', _('Dutch') ] ];
const SEVERITIES = [ 'warning', 'error', 'critical', 'page' ];

/* Kinds of options. */
const ONE = 'one', MANY = 'many', FLAG = 'flag', CHOICE = 'choice', TEXT = 'text';

/*
 * A section type: [ type, title, what it is, options ]. An option: [ kind, name, title, hint, more ], where `more` has `shown` (in the
 * table, too), `needed`, `usual` (the value that is taken if there is none), `values` (to choose from), `of` (a section type whose
 * names are proposed).
 */
const SECTIONS = [
	[ 'site', _('Sites'), _('A site is one page, for those who ask for one of its names.'), [
		[ TEXT, 'title', _('Title'), null, { shown: true } ],
		[ CHOICE, 'visibility', _('Visible to'), _('Public: everybody. Unlisted: who has the secret path. Local: private networks.'),
			{ shown: true, usual: 'local', values: [ 'local', 'unlisted', 'public' ] } ],
		[ MANY, 'host', _('Host names'), _('A site without any answers to all other names.') ],
		[ ONE, 'secret_path', _('Secret path'), _('For an unlisted site: 16 or more random characters.') ],
		[ ONE, 'url', _('Address of the page'), _('Where people read it, as https://status.example.org. Feeds begin with it.') ],
		[ MANY, 'publish_as', _('For programs'), _('What they may read. All, if nothing is chosen and the site is public.'),
			{ values: [ 'text', 'json', 'badge', 'atom', 'ical', 'opengraph', 'none' ] } ],
		[ TEXT, 'intro', _('Introduction'), _('No addresses of houses, no names of people.') ],
		[ TEXT, 'contact', _('Contact'), _('Words for visitors who see trouble that the page does not show. Name a role, never a person.') ],
		[ ONE, 'contact_url', _('Link of the contact'), _('As mailto:status@example.org or tel:+3222345678. Never the number of a person.') ],
		[ CHOICE, 'lang', _('Language'), _('For visitors whose languages aiglon does not speak.'),
			{ usual: 'en', values: [ 'ar', 'en', 'fr', 'nl' ] } ],
		[ ONE, 'timezone', _('Time zone'), _('In the POSIX form; without one, the zone of the router.') ],
		[ CHOICE, 'times', _('Times'), _('Told to the minute, to the hour or to the day.'),
			{ usual: 'exact', values: [ 'exact', 'hour', 'day' ] } ],
		[ ONE, 'retain_days', _('Days kept'), _('1 to 90, today included.'), { usual: '90' } ],
		[ ONE, 'settle', _('Settle'), _('All parts must be well for so long before an incident ends.'), { usual: '5m' } ],
		[ ONE, 'grouping', _('Grouping'), _('Trouble that comes so soon after other trouble joins its incident.'), { usual: '60m' } ],
		[ ONE, 'no_data_after', _('No data after'), _('When nothing is known for so long, that is an incident.'), { usual: '15m' } ],
	] ],
	[ 'service', _('Services'), _('What visitors know by name, in the order of the page. Use code names.'), [
		[ ONE, 'site', _('Site'), null, { shown: true, needed: true, of: 'site' } ],
		[ TEXT, 'name', _('Name'), null, { shown: true } ],
		[ TEXT, 'description', _('Description'), null ],
		[ ONE, 'label', _('Label'), _('The value of the label "service" in alerts, if not the name of the section.') ],
		[ ONE, 'url', _('Link'), _('Where there is more about it.') ],
		[ CHOICE, 'page', _('On the page'), _('0: only operators see it.'), { usual: '1', values: [ '0', '1' ] } ],
	] ],
	[ 'component', _('Components'), _('Parts of a service. Alerts find them by their labels, or by a match.'), [
		[ ONE, 'service', _('Service'), null, { shown: true, needed: true, of: 'service' } ],
		[ TEXT, 'name', _('Name'), null, { shown: true } ],
		[ TEXT, 'description', _('Description'), null ],
		[ ONE, 'label', _('Label'), _('The value of the label "component" in alerts, if not the name of the section.') ],
		[ CHOICE, 'page', _('On the page'), _('0: only operators see it.'), { usual: '1', values: [ '0', '1' ] } ],
		[ MANY, 'match', _('Matches'), _('As alertname=AntennaDown instance~10.0.0.1:* — all terms of one must hold, one of them suffices.') ],
		[ MANY, 'source', _('Fed by'), _('One that is alive suffices.'), { of: 'source' } ],
		[ MANY, 'publish', _('Published annotations'), _('What visitors may read of an alert; addresses in it are masked.') ],
		[ ONE, 'depends_on', _('Depends on'), _('Without which it cannot work.'), { of: 'component' } ],
	] ],
	[ 'listen', _('Listeners'), _('Where aiglon can be reached, and for what.'), [
		[ ONE, 'address', _('Address'), _('As lan:8080, 0.0.0.0:8080 or unix:/var/run/aiglon/http.sock.'), { shown: true, needed: true } ],
		[ MANY, 'serve', _('Serves'), null, { shown: true, needed: true, values: [ 'page', 'ingest', 'metrics' ] } ],
		[ FLAG, 'plaintext', _('Tokens in the clear'), _('Only for a tunnel or a cable of yours: tokens over plain HTTP from elsewhere.') ],
		[ ONE, 'path_prefix', _('Path'), _('Under which a reverse proxy serves it.') ],
	] ],
	[ 'source', _('Sources'), _('Who pushes: one for each sender, with a token of its own.'), [
		[ ONE, 'site', _('Site'), null, { shown: true, needed: true, of: 'site' } ],
		[ CHOICE, 'scope', _('Scope'), _('Push: writes and reads nothing. Read: reads alerts and writes nothing.'),
			{ shown: true, usual: 'push', values: [ 'push', 'read' ] } ],
		[ MANY, 'token', _('Hashes of tokens'), _('Of tokens that "aiglon token" made. The token itself is for the sender alone. Heartbeats of this router need none.') ],
		[ ONE, 'silent_after', _('Silent after'), _('Without a sign of life for so long, nothing is known.'), { usual: '5m' } ],
		[ ONE, 'resync', _('Believed after'), _('After a start or a silence, "all is well" is believed after so long.'), { usual: '5m' } ],
		[ ONE, 'repeat_within', _('Repeats within'), _('For webhooks: what is not repeated for so long is not known any more.'), { usual: '4h30m' } ],
		[ MANY, 'ignore', _('Ignores'), _('Alerts that are not looked at, as alertname=Watchdog — all terms of one must hold.') ],
	] ],
	[ 'heartbeat', _('Heartbeats'), _('Signs of life that a cron job, a backup or an antenna owes.'), [
		[ ONE, 'source', _('Source'), _('Whose token it comes with.'), { shown: true, needed: true, of: 'source' } ],
		[ ONE, 'component', _('Component'), _('Without one, only the console tells of it.'), { shown: true, of: 'component' } ],
		[ ONE, 'every', _('Every'), _('As 5m or 24h.'), { shown: true, needed: true } ],
		[ ONE, 'grace', _('Grace'), _('How late it may be.') ],
		[ CHOICE, 'severity', _('Severity'), null, { usual: 'critical', values: SEVERITIES } ],
	] ],
	[ 'rule', _('Rules'), _('Thresholds on samples of Telegraf, or on their absence.'), [
		[ ONE, 'source', _('Source'), _('Whose samples.'), { shown: true, needed: true, of: 'source' } ],
		[ ONE, 'component', _('Component'), _('Without one, only the console tells of it. What counts people stays there.'), { shown: true, of: 'component' } ],
		[ ONE, 'measurement', _('Measurement'), null, { shown: true, needed: true } ],
		[ ONE, 'field', _('Field'), null, { shown: true } ],
		[ ONE, 'match', _('Tags'), _('As host=heron; all samples without it.') ],
		[ ONE, 'unit', _('Unit'), _('In what the field itself counts.') ],
		[ ONE, 'above', _('Above'), _('One of above, below, equals, outside; with a unit, as 50% or -80dBm.') ],
		[ ONE, 'below', _('Below'), null ],
		[ ONE, 'equals', _('Equals'), null ],
		[ ONE, 'outside', _('Outside'), _('As -80dBm..-20dBm.') ],
		[ ONE, 'clear', _('Clears at'), _('Where it no longer fires.') ],
		[ ONE, 'for', _('For'), _('How long that must last.') ],
		[ ONE, 'absent', _('Absent'), _('It fires when nothing comes for so long.') ],
		[ CHOICE, 'aggregate', _('Aggregate'), _('Of several series.'),
			{ usual: 'any', values: [ 'any', 'all', 'max', 'min', 'sum', 'count', 'count-distinct' ] } ],
		[ ONE, 'of', _('Of'), _('The tag whose values are counted or expected.') ],
		[ MANY, 'expect', _('Expected'), _('Values of that tag: it fires when nothing comes of one of them.') ],
		[ CHOICE, 'severity', _('Severity'), null, { usual: 'critical', values: SEVERITIES } ],
		[ TEXT, 'text', _('Text'), _('What visitors are told while it fires.') ],
	] ],
	[ 'user', _('Users'), _('Who posts updates, by SSH. Names may be pseudonyms; no page shows them.'), [
		[ MANY, 'site', _('Sites'), null, { shown: true, needed: true, of: 'site' } ],
		[ CHOICE, 'role', _('Role'), _('Admins also see alerts, and with all sites may export and import.'),
			{ shown: true, usual: 'operator', values: [ 'operator', 'admin' ] } ],
		[ MANY, 'key', _('SSH keys'), _('Lines of .pub files.') ],
	] ],
	[ 'aiglon', _('Daemon'), null, [
		[ CHOICE, 'enabled', _('Started'), _('0: the router does not start it.'), { usual: '1', values: [ '0', '1' ] } ],
		[ ONE, 'state_dir', _('State'), _('On flash, where sysupgrade keeps it.'), { usual: '/etc/aiglon' } ],
		[ ONE, 'journal_size', _('Size of the journal'), _('16k to 256k; without it 64k, and 256k in the full build.') ],
		[ CHOICE, 'edge', _('Edge'), _('1: this device can be taken, so nothing that reads alerts belongs here.'), { usual: '0', values: [ '0', '1' ] } ],
		[ CHOICE, 'clock', _('Clock'), _('A router has no clock of its own: it is right once NTP has set it.'), { values: [ 'ntp', 'trust' ] } ],
		[ ONE, 'resolve_after', _('Resolve after'), _('An alert that is not repeated for so long is no longer known.'), { usual: '5m' } ],
		[ CHOICE, 'default_severity', _('Default severity'), _('For words that nobody knows.'), { usual: 'warning', values: SEVERITIES } ],
		[ ONE, 'console', _('Console'), _('The socket of "aiglon console".') ],
		[ ONE, 'console_group', _('Group of the console'), _('Whose members may use it.') ],
		[ MANY, 'ssh', _('SSH server'), _('Where it listens for the keys of users, as 0.0.0.0:2222; in the full build.') ],
	] ],
];

function add(section, kind, name, title, hint, more) {
	/* A field in which one may type is never required, whatever it says: so a name of a section is chosen. */
	const listed = kind === CHOICE || (kind === ONE && more.of);
	const widget = { [MANY]: form.DynamicList, [FLAG]: form.Flag }[kind] ?? (listed ? form.ListValue : form.Value);
	const option = section.option(widget, name, title, hint ?? '');
	/* What is `shown` stands in the table and in the form; a `false` here would take it out of the form. */
	if (!more.shown)
		option.modalonly = true;
	option.rmempty = more.needed ? false : true;
	if (kind === CHOICE) {
		option.value('', more.usual ? _('default (%s)').format(more.usual) : _('default'));
		/* In the table, too, what is not said is the default, and not nothing. */
		if (more.usual)
			option.textvalue = function(section_id) { return '%h'.format(this.cfgvalue(section_id) ?? more.usual); };
	} else if (listed && !more.needed) {
		option.value('', _('without'));
	} else if (more.usual) {
		option.placeholder = more.usual;
	}
	for (const value of more.values ?? [])
		option.value(value);
	const others = more.of ? uci.sections('aiglon', more.of).map(other => other['.name']) : [];
	for (const other of others)
		option.value(other);
	if (listed && more.needed && others.length)
		option.default = others[0];
	return option;
}

/* A text, and the same in each language. */
function addText(section, name, title, hint, more) {
	add(section, ONE, name, title, hint, more);
	for (const [ tag, language ] of LANGUAGES)
		add(section, ONE, name + '_' + tag, '%s (%s)'.format(title, language), null, {});
}

/* Makes a token for a source: its hash goes into the form, the token itself is shown once, below the button and on the page behind. */
function makeToken(place, section_id) {
	return fs.exec('/usr/bin/aiglon', [ 'token' ]).then(result => {
		const [ token, line ] = (result.stdout ?? '').split('\n');
		const hash = /'(sha256:[0-9a-f]{64})'/.exec(line ?? '');
		if (result.code !== 0 || !hash)
			throw new Error(result.stderr || _('no token was made'));
		const [ option ] = this.map.lookupOption('token', section_id);
		const list = option.getUIElement(section_id);
		list.setValue(L.toArray(list.getValue()).concat(hash[1]));
		place.append(E('pre', {}, [ token ]));
		ui.addNotification(_('A token for %s').format(section_id), [
			E('p', {}, [ _('For the sender; it is shown this once. Save, so that it counts.') ]),
			E('pre', {}, [ token ]),
		], 'info');
	}).catch(error => ui.addNotification(null, [ E('p', {}, [ error.message ]) ], 'danger'));
}

return view.extend({
	load: function() {
		return Promise.all([ force.load(), uci.load('aiglon') ]);
	},

	render: function([ known ]) {
		const map = new form.Map('aiglon', _('Status page'),
			_('What works and what does not, for those who use it. All that stands in names and texts is public.'));
		map.tabbed = true;
		for (const [ type, title, hint, options ] of SECTIONS) {
			const section = map.section(form.GridSection, type, title, hint ?? '');
			section.anonymous = false;
			section.addremove = type !== 'aiglon';
			section.sortable = true;
			section.nodescriptions = true;
			section.modaltitle = section_id => '%s: %s'.format(title, section_id);
			for (const [ kind, name, label, help, more ] of options) {
				if (kind === TEXT)
					addText(section, name, label, help, more ?? {});
				else
					add(section, kind, name, label, help, more ?? {});
			}
			if (type === 'source') {
				const button = section.option(form.Button, '_token', _('New token'));
				button.modalonly = true;
				button.inputtitle = _('Make a token');
				button.onclick = function(ev, section_id) { return makeToken.call(this, ev.currentTarget.parentNode, section_id); };
			}
		}
		/* LuCI opens this page anew after "Save & Apply", and the daemon is told a moment later. */
		const place = E('div', {}, force.render(known));
		poll.add(() => force.load().then(fresh => dom.content(place, force.render(fresh))), 5);
		return map.render().then(node => E('div', {}, [ place, node ]));
	},
});
