'use strict';
'require baseclass';

/*
 * The options of /etc/config/aiglon as fields: their names, kinds, ranges and defaults. `aiglon check` has the last word. These
 * kinds refuse at the field what it would refuse, and never what it takes.
 */

const LANGUAGES = [ [ 'ar', _('Arabic') ], [ 'en', _('English') ], [ 'fr', _('French') ], [ 'nl', _('Dutch') ] ];
const SEVERITIES = [ 'warning', 'error', 'critical', 'page' ];
const UNITS = [ '%', 'dBm', 'dB', 'ns', 'us', 'ms', 's', 'm', 'h', 'd', 'B', 'kB', 'MB', 'GB', 'KiB', 'MiB', 'GiB',
	'bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'B/s' ];

/* ---- kinds of values ---------------------------------------------------------------------------------------------- */

const DAY = 86400;
const bytes = text => new TextEncoder().encode(text).length;
const number = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)';
const threshold = new RegExp('^' + number + '(?:' + UNITS.join('|') + ')?$');

function seconds(text) {
	const parts = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
	return parts ? [ DAY, 3600, 60, 1 ].reduce((sum, unit, at) => sum + unit * (parts[at + 1] ?? 0), 0) : NaN;
}

function span(least) {
	return text => seconds(text) >= least && seconds(text) <= 30 * DAY;
}

function isIp4(text) {
	return (/^\d{1,3}(\.\d{1,3}){3}$/).test(text) && text.split('.').every(part => Number(part) < 256 && String(Number(part)) === part);
}

/* A browser knows an address of IPv6 when it sees one. */
function isIp6(text) {
	try {
		return (/^[0-9a-fA-F:.]+$/).test(text) && Boolean(new URL('http://[' + text + ']/'));
	} catch (error) {
		return false;
	}
}

function isPort(text) {
	return (/^\d{1,5}$/).test(text) && Number(text) < 65536;
}

function isSocket(text) {
	const parts = /^(?:\[([^\]%]*)(?:%\d+)?\]|([^:]*)):(\d+)$/.exec(text);
	return parts !== null && (parts[1] === undefined ? isIp4(parts[2]) : isIp6(parts[1])) && isPort(parts[3]);
}

function isPath(text) {
	return text.startsWith('/') && !text.split('/').includes('..') && !/[\s*?[]/.test(text);
}

function isUnix(text) {
	return isPath(text) && bytes(text) <= 107;
}

function isHost(text) {
	if (text.startsWith('['))
		return text.endsWith(']') && isIp6(text.slice(1, -1));
	return text.length <= 253 && text.split('.').every(label => (/^(?!-)[A-Za-z0-9_-]{1,63}$/).test(label) && !label.endsWith('-'));
}

function isUrl(text) {
	return (/^https?:\/\/[^/?#\s"'<>\\^`{|}][^\s"'<>\\^`{|}]*$/i).test(text);
}

function isPrefix(text) {
	return text === '/' || /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+\/?$/.test(text);
}

function isSiteUrl(text) {
	const parts = /^https?:\/\/(\[[^\]]*\]|[^/:]+)(?::(\d+))?(\/.*)?$/i.exec(text.replace(/\/$/, ''));
	return parts !== null && isUrl(text) && bytes(text) <= 201 && isHost(parts[1]) && isPort(parts[2] ?? '80') &&
		(parts[3] === undefined || isPrefix(parts[3]) && !parts[3].endsWith('/'));
}

function isContact(text) {
	const [ , scheme, rest ] = /^(mailto|tel):(.*)$/i.exec(text) ?? [];
	if (scheme?.toLowerCase() === 'mailto')
		return (/^[A-Za-z0-9._+-]+@/).test(rest) && isHost(rest.slice(rest.indexOf('@') + 1));
	if (scheme)
		return (/^\+?[-0-9.()]+$/).test(rest) && rest.replace(/\D/g, '').length >= 3;
	return isUrl(text);
}

/* `name=value`, `name!=value` and `name~glob`; values may be quoted. */
const TERM = /^[^\s=!~"'{}]+(?:!=|=(?!~)|~)(?:"[^"]*"|'[^']*'|[^\s"',={}]+)(?:\s+|$)/;

function isMatch(text) {
	let rest = text.trim();
	while (rest !== '') {
		const term = TERM.exec(rest);
		if (!term)
			return false;
		rest = rest.slice(term[0].length);
	}
	return text.trim() !== '';
}

const MAC = /(?:^|[^0-9a-f])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?:$|[^0-9a-f])/i;

/* What a value must be, and what is said if it is not. An empty value is none. */
const KINDS = {
	address: [ text => isSocket(text) || /^(?!localhost:)[A-Za-z][A-Za-z0-9_]*:\d+$/.test(text) && isPort(text.split(':')[1]) ||
		text.startsWith('unix:') && isUnix(text.slice(5)), _('Expecting an address, as lan:8080, 0.0.0.0:8080 or unix:/var/run/aiglon/http.sock') ],
	any: [ () => true, '' ],
	contact: [ text => isContact(text) && bytes(text) <= 320, _('Expecting a link that begins with mailto:, tel:, https:// or http://') ],
	days: [ text => (/^\d+$/).test(text) && Number(text) >= 1 && Number(text) <= 90, _('Expecting a number from 1 to 90') ],
	group: [ text => (/^[A-Za-z0-9_.-]+$/).test(text), _('Expecting the name of a group') ],
	host: [ text => isHost(text.replace(/\.$/, '')), _('Expecting a name, as status.example.org') ],
	key: [ text => (/^\s*(?:sk-)?(?:ssh-ed25519|ecdsa-sha2-nistp\d+)(?:@openssh\.com)?\s+[A-Za-z0-9+/]+={0,2}(?:\s|$)/).test(text),
		_('Expecting a line of a .pub file: Ed25519, or ECDSA') ],
	label: [ text => [ ...text ].every(c => c > '\x7f' ? !/\s/.test(c) : /[A-Za-z0-9_:.\/-]/.test(c)), _('Expecting the name of an annotation') ],
	matcher: [ text => isMatch(text) && !MAC.test(text), _('Expecting terms, as alertname=AntennaDown instance~10.0.0.1:*') ],
	number: [ text => threshold.test(text), _('Expecting a number, with a unit if it has one: 50% or -80dBm') ],
	path: [ isPath, _('Expecting a path that begins with a slash, without spaces') ],
	prefix: [ isPrefix, _('Expecting a path, as /status') ],
	limit: [ text => text.split('..').length < 3 && text.split('..').every(part => threshold.test(part)),
		_('Expecting a number, or two of them, as -75dBm..-25dBm') ],
	range: [ text => text.includes('..') && text.split('..').length === 2 && text.split('..').every(part => threshold.test(part)),
		_('Expecting two numbers, as -80dBm..-20dBm') ],
	secret: [ text => (/^[A-Za-z0-9_-]{16,}$/).test(text), _('Expecting 16 or more of A-Z, a-z, 0-9, _ and -') ],
	siteurl: [ isSiteUrl, _('Expecting an address, as https://status.example.org') ],
	size: [ text => (/^\d+[kK]?$/).test(text) && parseInt(text) * (/k$/i.test(text) ? 1024 : 1) >= 16384 &&
		parseInt(text) * (/k$/i.test(text) ? 1024 : 1) <= 262144, _('Expecting a size from 16k to 256k') ],
	socket: [ isSocket, _('Expecting an IP address and a port, as 0.0.0.0:2222') ],
	span: [ span(1), _('Expecting a time with a unit, as 90s, 5m or 4h30m; 30d at most') ],
	span0: [ span(0), _('Expecting a time with a unit, as 0s, 5m or 4h30m; 30d at most') ],
	token: [ text => (/^sha256:[0-9a-fA-F]{64}$/).test(text), _('Expecting the hash of a token, which begins with sha256:') ],
	unix: [ text => text === 'off' || isUnix(text), _('Expecting a path of at most 107 bytes, or off') ],
	url: [ isUrl, _('Expecting a link, as https://example.org/wifi') ],
	value: [ text => !MAC.test(text), _('A MAC address is never kept, so it cannot be expected') ],
	words320: [ text => bytes(text) <= 320, _('At most 320 bytes') ],
	zone: [ text => (/^(?:UTC|GMT)$/).test(text) || /\d/.test(text) && !/\s/.test(text) && (text.includes(',') || !text.includes('/')),
		_('Expecting a POSIX time zone, as CET-1CEST,M3.5.0,M10.5.0/3') ],
};

/* ---- fields ------------------------------------------------------------------------------------------------------- */

/* How an option is given. A TEXT may also be given in each language. */
const ONE = 'one', MANY = 'many', CHOICE = 'choice', TEXT = 'text', TRUTH = 'truth';

/*
 * A section type: [ type, title, what it is, options ], in the order in which a newcomer needs them. An option: [ how, name, kind,
 * title, hint, more ], where `more` has `shown` (in the table, too), `basic` (on the first tab of the form), `needed`, `usual` (the
 * value that is taken if there is none), `values` (to choose from), `of` (a section type whose names are proposed).
 */
const SECTIONS = [
	[ 'site', _('Sites'), _('A site is one page, for those who ask for one of its names.'), [
		[ TEXT, 'title', 'any', _('Title'), null, { shown: true } ],
		[ CHOICE, 'visibility', 'any', _('Visible to'), _('Public: everybody. Unlisted: who has the secret path. Local: private networks.'),
			{ shown: true, usual: 'local', values: [ 'local', 'unlisted', 'public' ] } ],
		[ CHOICE, 'lang', 'any', _('Language'), _('For visitors whose languages aiglon does not speak.'),
			{ basic: true, usual: 'en', values: [ 'ar', 'en', 'fr', 'nl' ] } ],
		[ TEXT, 'intro', 'any', _('Introduction'), _('No addresses of houses, no names of people.'), { basic: true } ],
		[ TEXT, 'contact', 'words320', _('Contact'), _('Words for visitors who see trouble that the page does not show. Name a role, never a person.'), { basic: true } ],
		[ ONE, 'contact_url', 'contact', _('Link of the contact'), _('As mailto:status@example.org or tel:+3222345678. Never the number of a person.'), { basic: true } ],
		[ MANY, 'host', 'host', _('Host names'), _('A site without any answers to all other names.') ],
		[ ONE, 'secret_path', 'secret', _('Secret path'), _('For an unlisted site: 16 or more random characters.') ],
		[ ONE, 'url', 'siteurl', _('Address of the page'), _('Where people read it, as https://status.example.org. Feeds begin with it.') ],
		[ MANY, 'publish_as', 'any', _('For programs'), _('What they may read. All, if nothing is chosen and the site is public.'),
			{ values: [ 'text', 'json', 'badge', 'atom', 'ical', 'opengraph', 'none' ] } ],
		[ ONE, 'timezone', 'zone', _('Time zone'), _('In the POSIX form; without one, the zone of the router.') ],
		[ CHOICE, 'times', 'any', _('Times'), _('Told to the minute, to the hour or to the day.'),
			{ usual: 'exact', values: [ 'exact', 'hour', 'day' ] } ],
		[ ONE, 'retain_days', 'days', _('Days kept'), _('1 to 90, today included.'), { usual: '90' } ],
		[ ONE, 'settle', 'span', _('Settle'), _('All parts must be well for so long before an incident ends.'), { usual: '5m' } ],
		[ ONE, 'grouping', 'span', _('Grouping'), _('Trouble that comes so soon after other trouble joins its incident.'), { usual: '60m' } ],
		[ ONE, 'no_data_after', 'span', _('No data after'), _('When nothing is known for so long, that is an incident.'), { usual: '15m' } ],
	] ],
	[ 'service', _('Services'), _('What visitors know by name, in the order of the page. Use code names.'), [
		[ TEXT, 'name', 'any', _('Name'), _('Without one, visitors see the name of the section.'), { shown: true } ],
		[ ONE, 'site', 'any', _('Site'), null, { shown: true, needed: true, of: 'site' } ],
		[ TEXT, 'description', 'any', _('Description'), null, { basic: true } ],
		[ ONE, 'url', 'url', _('Link'), _('Where there is more about it.') ],
		[ TRUTH, 'page', 'any', _('On the page'), _('No: only operators see it.'), { usual: '1' } ],
		[ ONE, 'label', 'any', _('Label'), _('The value of the label "service" in alerts, if not the name of the section.') ],
	] ],
	[ 'component', _('Components'), _('Parts of a service. Alerts find them by their labels, or by a match.'), [
		[ TEXT, 'name', 'any', _('Name'), _('Without one, visitors see the name of the section.'), { shown: true } ],
		[ ONE, 'service', 'any', _('Service'), null, { shown: true, needed: true, of: 'service' } ],
		[ TEXT, 'description', 'any', _('Description'), null, { basic: true } ],
		[ MANY, 'source', 'any', _('Fed by'), _('One that is alive suffices.'), { basic: true, of: 'source' } ],
		[ MANY, 'match', 'matcher', _('Matches'), _('As alertname=AntennaDown instance~10.0.0.1:* — all terms of one must hold, one of them suffices.') ],
		[ ONE, 'depends_on', 'any', _('Depends on'), _('Without which it cannot work.'), { of: 'component' } ],
		[ MANY, 'publish', 'label', _('Published annotations'), _('What visitors may read of an alert; addresses in it are masked.') ],
		[ TRUTH, 'page', 'any', _('On the page'), _('No: only operators see it.'), { usual: '1' } ],
		[ ONE, 'label', 'any', _('Label'), _('The value of the label "component" in alerts, if not the name of the section.') ],
	] ],
	[ 'source', _('Sources'), _('Who pushes: one for each sender, with a token of its own.'), [
		[ ONE, 'site', 'any', _('Site'), null, { shown: true, needed: true, of: 'site' } ],
		[ MANY, 'token', 'token', _('Hashes of tokens'), _('Of tokens that "aiglon token" made. The token itself is for the sender alone. Heartbeats of this router need none.'), { basic: true } ],
		[ ONE, 'silent_after', 'span', _('Silent after'), _('Without a sign of life for so long, nothing is known. Prometheus repeats every two minutes: choose 3m or more.'), { shown: true, usual: '5m' } ],
		[ CHOICE, 'scope', 'any', _('Scope'), _('Push: writes and reads nothing. Read: reads alerts and writes nothing.'),
			{ shown: true, usual: 'push', values: [ 'push', 'read' ] } ],
		[ ONE, 'resync', 'span0', _('Believed after'), _('After a start or a silence, "all is well" is believed after so long.'), { usual: '5m' } ],
		[ ONE, 'repeat_within', 'span', _('Repeats within'), _('For webhooks: what is not repeated for so long is not known any more.'), { usual: '4h30m' } ],
		[ MANY, 'ignore', 'matcher', _('Ignores'), _('Alerts that are not looked at, as alertname=Watchdog — all terms of one must hold.') ],
	] ],
	[ 'heartbeat', _('Heartbeats'), _('Signs of life that a cron job, a backup or an antenna owes.'), [
		[ ONE, 'source', 'any', _('Source'), _('Whose token it comes with.'), { shown: true, needed: true, of: 'source' } ],
		[ ONE, 'component', 'any', _('Component'), _('Without one, only the console tells of it.'), { shown: true, of: 'component' } ],
		[ ONE, 'every', 'span', _('Every'), _('As 5m or 24h.'), { shown: true, needed: true } ],
		[ ONE, 'grace', 'span', _('Grace'), _('How late it may be. Without one: as long as "every".'), { basic: true } ],
		[ CHOICE, 'severity', 'any', _('Severity'), null, { usual: 'critical', values: SEVERITIES } ],
	] ],
	[ 'rule', _('Rules'), _('Thresholds on samples of Telegraf, or on their absence.'), [
		[ ONE, 'source', 'any', _('Source'), _('Whose samples.'), { shown: true, needed: true, of: 'source' } ],
		[ ONE, 'component', 'any', _('Component'), _('Without one, only the console tells of it. What counts people stays there.'), { shown: true, of: 'component' } ],
		[ ONE, 'measurement', 'any', _('Measurement'), null, { shown: true, needed: true } ],
		[ ONE, 'field', 'any', _('Field'), null, { shown: true } ],
		[ ONE, 'match', 'matcher', _('Tags'), _('As host=heron; all samples without it.'), { basic: true } ],
		[ ONE, 'above', 'number', _('Above'), _('One of above, below, equals, outside; with a unit, as 50% or -80dBm.'), { basic: true } ],
		[ ONE, 'below', 'number', _('Below'), null, { basic: true } ],
		[ ONE, 'equals', 'number', _('Equals'), null, { basic: true } ],
		[ ONE, 'outside', 'range', _('Outside'), _('As -80dBm..-20dBm.'), { basic: true } ],
		[ ONE, 'for', 'span', _('For'), _('How long that must last.'), { basic: true } ],
		[ ONE, 'absent', 'span', _('Absent'), _('It fires when nothing comes for so long.'), { basic: true } ],
		[ TEXT, 'text', 'any', _('Text'), _('What visitors are told while it fires.'), { basic: true } ],
		[ ONE, 'clear', 'limit', _('Clears at'), _('Where it no longer fires.') ],
		[ CHOICE, 'unit', 'any', _('Unit'), _('In what the field itself counts.'), { values: UNITS } ],
		[ CHOICE, 'aggregate', 'any', _('Aggregate'), _('Of several series.'),
			{ usual: 'any', values: [ 'any', 'all', 'max', 'min', 'sum', 'count', 'count-distinct' ] } ],
		[ ONE, 'of', 'any', _('Of'), _('The tag whose values are counted or expected.') ],
		[ MANY, 'expect', 'value', _('Expected'), _('Values of that tag: it fires when nothing comes of one of them.') ],
		[ CHOICE, 'severity', 'any', _('Severity'), null, { usual: 'critical', values: SEVERITIES } ],
	] ],
	[ 'user', _('Users'), _('Who posts updates, by SSH or in LuCI. Names may be pseudonyms; no page shows them.'), [
		[ MANY, 'site', 'any', _('Sites'), null, { shown: true, needed: true, of: 'site' } ],
		[ CHOICE, 'role', 'any', _('Role'), _('Admins also see alerts, and with all sites may export and import.'),
			{ shown: true, usual: 'operator', values: [ 'operator', 'admin' ] } ],
		[ MANY, 'key', 'key', _('SSH keys'), _('Lines of .pub files.'), { basic: true } ],
	] ],
	[ 'listen', _('Listeners'), _('Where aiglon can be reached, and for what.'), [
		[ ONE, 'address', 'address', _('Address'), _('As lan:8080, 0.0.0.0:8080 or unix:/var/run/aiglon/http.sock.'), { shown: true, needed: true } ],
		[ MANY, 'serve', 'any', _('Serves'), null, { shown: true, needed: true, values: [ 'page', 'ingest', 'metrics' ] } ],
		[ TRUTH, 'plaintext', 'any', _('Tokens in the clear'), _('Only for a tunnel or a cable of yours: tokens over plain HTTP from elsewhere.'), { usual: '0' } ],
		[ ONE, 'path_prefix', 'prefix', _('Path'), _('Under which a reverse proxy serves it.') ],
	] ],
	[ 'aiglon', _('Daemon'), null, [
		[ TRUTH, 'enabled', 'any', _('Started'), _('No: the router does not start it.'), { basic: true, usual: '1' } ],
		[ TRUTH, 'edge', 'any', _('Edge'), _('Yes: this device can be taken, so nothing that reads alerts belongs here.'), { basic: true, usual: '0' } ],
		[ CHOICE, 'clock', 'any', _('Clock'), _('A router has no clock of its own: it is right once NTP has set it.'),
			{ basic: true, usual: 'trust', values: [ 'ntp', 'trust' ] } ],
		[ ONE, 'state_dir', 'path', _('State'), _('On flash, where sysupgrade keeps it.'), { usual: '/etc/aiglon' } ],
		[ ONE, 'journal_size', 'size', _('Size of the journal'), _('16k to 256k; without it 64k, and 256k in the full build.') ],
		[ ONE, 'resolve_after', 'span', _('Resolve after'), _('An alert that is not repeated for so long is no longer known.'), { usual: '5m' } ],
		[ CHOICE, 'default_severity', 'any', _('Default severity'), _('For words that nobody knows.'), { usual: 'warning', values: SEVERITIES } ],
		[ ONE, 'console', 'unix', _('Console'), _('The socket of "aiglon console".') ],
		[ ONE, 'console_group', 'group', _('Group of the console'), _('Whose members may use it.') ],
		[ MANY, 'ssh', 'socket', _('SSH server'), _('Where it listens for the keys of users, as 0.0.0.0:2222; in the full build.') ],
	] ],
];

return baseclass.extend({
	LANGUAGES: LANGUAGES,
	SECTIONS: SECTIONS,

	/* `true`, or what is wrong. */
	validate: function(kind, value) {
		const [ fits, words ] = KINDS[kind];
		return value === null || value === undefined || value === '' || fits(value) || words;
	},
});
