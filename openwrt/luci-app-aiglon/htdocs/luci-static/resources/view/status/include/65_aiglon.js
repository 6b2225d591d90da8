'use strict';
'require baseclass';
'require fs';
'require uci';
'require aiglon.words as words';

/* A line for each site on LuCI's overview: what the page says first, and where it is. Nothing, for a login that may not know. */

function ask(what) {
	return fs.exec('/usr/bin/aiglon', [ 'console', '--json', what ]).then(result => JSON.parse(result.stdout));
}

return baseclass.extend({
	title: _('Status page'),

	load: function() {
		return L.resolveDefault(Promise.all([ ask('sites'), uci.load('aiglon') ]), null);
	},

	render: function(data) {
		if (!data)
			return null;
		return E('div', { 'dir': words.direction() }, data[0].map(site => {
			const section = uci.sections('aiglon', 'site').find(one => one['.name'] === site.site);
			const address = words.address(section, uci.sections('aiglon', 'listen'));
			return E('p', {}, [
				words.badge(site.state, words.headline(site.state)), ' ',
				address ? E('a', { 'href': address, 'target': '_blank', 'rel': 'noreferrer', 'dir': 'auto' }, [ site.title ]) : E('bdi', {}, [ site.title ]),
			]);
		}));
	},
});
