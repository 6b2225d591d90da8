'use strict';
'require baseclass';
'require fs';

/*
 * Whether the configuration is in force. "Save & Apply" says that it was saved, and no more: `aiglon check` knows what is wrong with
 * the file, and `aiglon ready` what the daemon made of it.
 */

function ask(what) {
	return fs.exec('/usr/bin/aiglon', [ what ]).catch(error => ({ code: 1, stdout: '', stderr: error.message }));
}

function warning(title, result) {
	return E('div', { 'class': 'alert-message warning' }, [
		E('p', {}, [ title ]),
		E('pre', {}, [ result.stderr || result.stdout ]),
	]);
}

return baseclass.extend({
	load: function() {
		return Promise.all([ ask('check'), ask('ready') ]);
	},

	/* Nothing, if all is as it should be. */
	render: function([ check, ready ]) {
		const nodes = [];
		if (check.code !== 0)
			nodes.push(warning(_('The configuration has mistakes. What was in force stays in force.'), check));
		if (ready.code === 3)
			nodes.push(warning(_('The configuration is in force, but aiglon does not listen everywhere.'), ready));
		else if (ready.code === 4)
			nodes.push(warning(_('aiglon does not answer. Is it started?'), ready));
		else if (ready.code !== 0 && check.code === 0)
			nodes.push(warning(_('The configuration is not in force.'), ready));
		else if (ready.code === 0 && ready.stdout.trim() !== 'in force')
			nodes.push(warning(_('A part of the configuration is in force after a restart.'), ready));
		return nodes;
	},
});
