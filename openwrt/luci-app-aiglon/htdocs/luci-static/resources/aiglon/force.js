'use strict';
'require baseclass';
'require dom';
'require fs';
'require poll';

/*
 * Whether the configuration is in force. "Save & Apply" says that it was saved, and no more: `aiglon check` knows what is wrong with
 * the file, and `aiglon ready` what the daemon made of it. Each tab has this at its top, and asks again every few seconds.
 */

const SECONDS = 5;

/* Nothing, for a login that may not ask. */
function ask(what) {
	return L.resolveDefault(fs.exec('/usr/bin/aiglon', [ what ]), null);
}

function alert(kind, title, result) {
	return E('div', { 'class': 'alert-message ' + kind, 'role': 'alert' }, [
		E('h4', { 'dir': 'auto' }, [ title ]),
		E('pre', { 'style': 'white-space:pre-wrap; overflow-wrap:anywhere', 'dir': 'ltr' }, [ (result.stderr || result.stdout || '').trim() ]),
	]);
}

/* Nothing, if all is as it should be. */
function render([ check, ready ]) {
	const nodes = [];
	if (!check || !ready)
		return nodes;
	if (check.code !== 0)
		nodes.push(alert('danger', _('The configuration has mistakes. What was in force stays in force.'), check));
	if (ready.code === 3)
		nodes.push(alert('danger', _('The configuration is in force, but aiglon does not listen everywhere.'), ready));
	else if (ready.code === 4)
		nodes.push(alert('danger', _('aiglon does not run.'), ready));
	else if (ready.code !== 0 && check.code === 0)
		nodes.push(alert('danger', _('The configuration is not in force.'), ready));
	else if (ready.code === 0 && ready.stdout.trim() !== 'in force')
		nodes.push(alert('warning', _('A part of the configuration is in force after a restart.'), ready));
	return nodes;
}

return baseclass.extend({
	load: function() {
		return Promise.all([ ask('check'), ask('ready') ]);
	},

	/* What is wrong, for the top of a tab. It goes when the file is in force. */
	place: function(known) {
		const place = E('div', {}, render(known));
		/* LuCI opens a tab anew after "Save & Apply", and the daemon is told a moment later. */
		poll.add(() => this.load().then(fresh => dom.content(place, render(fresh))), SECONDS);
		return place;
	},
});
