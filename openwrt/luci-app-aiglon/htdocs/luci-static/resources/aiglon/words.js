'use strict';
'require baseclass';

/* The page's words, and people's own as readers see them. */

/* What `status` says of a site, in the words of the page's first line. */
const HEADLINES = {
	'operational': _('Everything works'),
	'degraded': _('Something works badly'),
	'outage': _('Something is down'),
	'maintenance': _('Planned work'),
	'no data': _('We do not know'),
};

/* The console's words. LuCI has one catalogue of all that is installed: a context keeps these apart from its own. */
const STATES = {
	/* of parts and incidents, as the page has them */
	'operational': _('Works', 'aiglon'),
	'degraded': _('Works badly', 'aiglon'),
	'outage': _('Down', 'aiglon'),
	'maintenance': _('Planned work'),
	'no data': _('Unknown', 'aiglon'),
	/* of incidents, as the page has them */
	'investigating': _('We are looking for the cause'),
	'identified': _('We know the cause'),
	'monitoring': _('Something was done, we are watching'),
	'resolved': _('It is over'),
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
	/* of planned work */
	'weekly': _('every week'),
	'monthly': _('every month'),
};

/* White words on these can be read in each of LuCI's themes. What is not here is grey. */
const GREEN = '#1e7b34', AMBER = '#8a5a00', RED = '#b3261e', BLUE = '#1f5fa8', GREY = '#5f6368';
const COLORS = {
	'operational': GREEN, 'heard': GREEN, 'on time': GREEN, 'well': GREEN,
	'degraded': AMBER, 'late': AMBER, 'pending': AMBER, 'silent': AMBER,
	'outage': RED, 'failed': RED, 'firing': RED, 'absent': RED,
	'maintenance': BLUE,
};

/* ---- Markdown-lite, as src/render/markdown.rs writes it --------------------------------------------------------------- */

const LETTER = /[\p{L}\p{N}]$/u, LETTER_FIRST = /^[\p{L}\p{N}]/u;

/* A link at the start of `rest`: what to show, where it leads, and its length. */
function link(before, rest) {
	const named = /^\[([^\[\]]+)\]\(([^)]*)\)/.exec(rest);
	if (named)
		return isWeb(named[2]) && !/\s/.test(named[2]) ? [ named[1], named[2], named[0].length ] : null;
	if (rest[0] === '[' || !isWeb(rest) || LETTER.test(before))
		return null;
	let url = /^[^\s<>"*]*/.exec(rest)[0].replace(/[.,;:!?'’”»،؛؟_]+$/, '');
	if (!url.includes('('))
		url = url.replace(/[).,;:!?]+$/, '');
	return (/:\/\/./).test(url) ? [ url, url, url.length ] : null;
}

function isWeb(text) {
	return (/^https?:\/\//i).test(text);
}

/* A mark at the start of `rest` that has a counterpart there, and where that begins. */
function span(before, rest, after) {
	const mark = [ '**', '*', '_' ].find(one => rest.startsWith(one));
	const inner = mark && rest.slice(mark.length);
	if (!inner || LETTER.test(before) || /^\s/.test(inner))
		return null;
	for (let from = 0, end; (end = inner.indexOf(mark, from)) >= 0;) {
		let run = 0;
		while (inner[end + run] === mark[0])
			run++;
		const follows = inner.slice(end + run) || after;
		const closes = end > 0 && !/\s$/.test(inner.slice(0, end)) && !LETTER_FIRST.test(follows);
		if (closes && (run === mark.length || (run === 3 && mark !== '_')))
			return [ mark, mark.length + end + (run === 3 ? run - mark.length : 0) ];
		from = end + run;
	}
	return null;
}

/* One line: text, links, and strong in emphasis or the other way round. */
function inline(parent, line) {
	const spans = [];
	let node = parent, at = 0, pending = 0;
	const flush = () => node.append(line.slice(pending, at));
	while (at < line.length) {
		const innermost = spans[spans.length - 1];
		const limit = innermost ? innermost.end : line.length;
		const here = line.slice(0, at), rest = line.slice(at, limit);
		let found;
		if (innermost && innermost.end === at) {
			flush();
			node = node.parentNode;
			spans.pop();
			at = pending = at + innermost.mark.length;
		} else if ((found = link(here, rest))) {
			flush();
			node.append(E('a', { 'href': found[1], 'rel': 'noopener nofollow noreferrer', 'target': '_blank' }, [ found[0] ]));
			at = pending = at + found[2];
		} else if ((found = span(here, rest, line.slice(limit)))) {
			const [ mark, end ] = found, strong = mark.length === 2;
			if (spans.length < 2 && !(innermost && (innermost.mark.length === 2) === strong)) {
				flush();
				const inside = E(strong ? 'strong' : 'em');
				node.append(inside);
				node = inside;
				spans.push({ mark: mark, end: at + end });
				pending = at + mark.length;
			}
			at += mark.length;
		} else {
			at += String.fromCodePoint(rest.codePointAt(0)).length;
		}
	}
	flush();
}

function preview(text) {
	const out = document.createDocumentFragment();
	let block = null;
	for (const whole of text.split('\n')) {
		const line = whole.trim();
		const item = /^(?:- |\* |• )\s*(.*)$/.exec(line);
		const tag = item ? 'UL' : line === '' ? null : 'P';
		if (tag === null) {
			block = null;
			continue;
		}
		const again = block?.tagName === tag;
		if (!again)
			out.append(block = E(tag.toLowerCase()));
		if (item) {
			const entry = E('li');
			block.append(entry);
			inline(entry, item[1]);
		} else {
			if (again)
				block.append(E('br'));
			inline(block, line);
		}
	}
	return out;
}

return baseclass.extend({
	/* LuCI's themes run from left to right in every language; what is ours runs as its language does. */
	direction: () => (/^(ar|fa|he|ur)\b/).test(document.documentElement.lang) ? 'rtl' : null,

	headline: word => HEADLINES[word] ?? word ?? '',
	state: word => STATES[word] ?? word ?? '',
	preview: preview,

	badge: function(word, text) {
		return E('span', {
			'style': 'display:inline-block; padding:0 .5em; border-radius:.3em; color:#fff; background:' + (COLORS[word] ?? GREY),
		}, [ text ?? STATES[word] ?? word ?? '' ]);
	},

	/* The browser's own way to write a time; the page has the site's. */
	time: text => text ? new Date(text).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }) : _('not known'),

	/* Words of a person, or a phrase. */
	said: function(words) {
		return words?.text ? E('div', { 'dir': 'auto', 'lang': words.lang ?? null }, [ preview(words.text) ]) : '';
	},

	table: function(titles, rows, none) {
		const head = E('tr', { 'class': 'tr table-titles' }, titles.map(title => E('th', { 'class': 'th' }, [ title ])));
		const body = rows.map(cells => E('tr', { 'class': 'tr' },
			cells.map((cell, index) => E('td', { 'class': 'td', 'data-title': titles[index] }, [ cell ?? '' ]))));
		const empty = E('tr', { 'class': 'tr placeholder' }, [ E('td', { 'class': 'td' }, [ E('em', {}, [ none ]) ]) ]);
		return E('table', { 'class': 'table' }, [ head ].concat(body.length ? body : [ empty ]));
	},

	section: function(title, content) {
		return E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ E('bdi', {}, [ title ]) ]) ].concat(content));
	},

	/*
	 * Where visitors read the page of a site: as the site says, else by its name, else at a listener. A network of the router, and
	 * all addresses, are reached where LuCI is.
	 */
	address: function(site, listeners) {
		if (site?.url)
			return site.url;
		const listener = listeners.find(one => L.toArray(one.serve).includes('page') && /:\d+$/.test(one.address ?? '') &&
			!/^(127\.|\[::1\]|unix:)/.test(one.address));
		if (!listener)
			return null;
		const [ , host, port ] = /^(.*):(\d+)$/.exec(listener.address);
		const here = /^(0\.0\.0\.0|\[::\]|[A-Za-z]\w*)$/.test(host) ? window.location.hostname : host;
		const secret = site?.visibility === 'unlisted' && site.secret_path ? site.secret_path + '/' : '';
		return 'http://%s%s/%s'.format(L.toArray(site?.host)[0] ?? here, port === '80' ? '' : ':' + port, secret);
	},
});
