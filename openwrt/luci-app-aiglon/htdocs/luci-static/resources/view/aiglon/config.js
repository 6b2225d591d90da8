'use strict';
'require view';
'require form';
'require fs';
'require ui';
'require uci';
'require aiglon.force as force';
'require aiglon.options as options';
'require aiglon.setup as setup';
'require aiglon.words as words';

/*
 * Forms for /etc/config/aiglon. Whoever edits the file by hand finds more in config.example: LuCI leaves what it does not know, but
 * comments are lost when it saves.
 */

/* What the file may say for yes and for no. */
const TRUE = [ '1', 'yes', 'on', 'true', 'enabled' ], FALSE = [ '0', 'no', 'off', 'false', 'disabled' ];

function truth(value) {
	return TRUE.includes(value) ? '1' : FALSE.includes(value) ? '0' : value;
}

/* A sentence in LuCI's forms, which run from left to right in every language, and whose hints may have marks. */
function inDirection(sentence) {
	const direction = words.direction();
	return direction ? '<bdi dir="%s">%s</bdi>'.format(direction, sentence) : sentence;
}

function add(section, tab, how, name, kind, title, hint, more) {
	const listed = how === 'choice' || how === 'truth' || (how === 'one' && more.of);
	const chosen = how === 'many' && (more.of || more.values);
	/* A field in which one may type is never required, whatever it says: so a name of a section is chosen. */
	const widget = chosen ? form.MultiValue : how === 'many' ? form.DynamicList : listed ? form.ListValue : form.Value;
	const option = section.taboption(tab, widget, name, title, hint ? inDirection(hint) : '');
	/* What is `shown` stands in the table and in the form; a `false` here would take it out of the form. */
	if (!more.shown)
		option.modalonly = true;
	option.rmempty = more.needed ? false : true;
	const usual = how === 'truth' ? { 0: _('no'), 1: _('yes') }[more.usual] : more.usual;
	if (!listed && more.usual)
		option.placeholder = _('default: %s').format(more.usual);
	/* In the table, too, what is not said is the default, and not nothing. */
	if (more.usual)
		option.textvalue = function(section_id) { return '%h'.format(this.cfgvalue(section_id) || usual); };
	if (!listed && !chosen) {
		option.validate = (section_id, value) => options.validate(kind, value);
		return option;
	}
	const empty = !listed || more.needed ? null : usual ? _('default (%s)').format(usual) : more.of ? _('without') : _('default');
	/* Sections may have come and gone since the form was made. */
	option.load = function(section_id) {
		this.keylist = [];
		this.vallist = [];
		for (const [ value, label ] of choices(section.sectiontype, how, name, more, empty))
			this.value(value, label);
		if (listed && more.needed)
			this.default = this.keylist[0];
		const value = uci.get('aiglon', section_id, name);
		return how === 'truth' ? truth(value) : value;
	};
	return option;
}

/* What a field offers, with words for it. A value of the file that cannot be chosen is not lost, and told. */
function choices(type, how, name, more, empty) {
	const found = (more.values ?? []).map(value => [ value, value ]);
	if (how === 'truth')
		found.push([ '1', _('yes') ], [ '0', _('no') ]);
	for (const other of more.of ? uci.sections('aiglon', more.of) : []) {
		const title = other.name ?? other.title;
		found.push([ other['.name'], title ? '%s (%s)'.format(other['.name'], title) : other['.name'] ]);
	}
	const known = found.map(([ value ]) => value);
	const said = uci.sections('aiglon', type).flatMap(section => L.toArray(section[name])).map(value => how === 'truth' ? truth(value) : value);
	for (const value of new Set(said.filter(value => !known.includes(value))))
		found.push([ value, _('%s (unknown)').format(value) ]);
	return empty === null ? found : [ [ '', empty ] ].concat(found);
}

/* A text, and the same in each language. */
function addText(section, tab, name, kind, title, hint, more) {
	add(section, tab, 'one', name, kind, title, hint, more);
	for (const [ tag, language ] of options.LANGUAGES)
		add(section, 'languages', 'one', name + '_' + tag, kind, '%s (%s)'.format(title, language), null, {});
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
			inDirection(_('What works and what does not, for those who use it. All that stands in names and texts is public.')));
		map.tabbed = true;
		for (const [ type, title, hint, fields ] of options.SECTIONS) {
			const section = map.section(form.GridSection, type, title, hint ? inDirection(hint) : '');
			section.anonymous = false;
			section.addremove = type !== 'aiglon';
			section.sortable = true;
			section.nodescriptions = true;
			section.modaltitle = section_id => '%s: %s'.format(title, section_id);
			section.tab('basic', _('Basic'));
			if (fields.some(([ how ]) => how === 'text'))
				section.tab('languages', _('In other languages'));
			if (fields.some(([ , , , , , more ]) => !isBasic(more)))
				section.tab('advanced', _('Advanced'));
			for (const [ how, name, kind, label, help, more ] of fields) {
				const tab = isBasic(more) ? 'basic' : 'advanced';
				if (how === 'text')
					addText(section, tab, name, kind, label, help, more ?? {});
				else
					add(section, tab, how, name, kind, label, help, more ?? {});
			}
			if (type === 'source') {
				const button = section.taboption('basic', form.Button, '_token', _('New token'));
				button.modalonly = true;
				button.inputtitle = _('Make a token');
				button.onclick = function(ev, section_id) { return makeToken.call(this, ev.currentTarget.parentNode, section_id); };
			}
		}
		return map.render().then(node => E('div', {}, [ force.place(known), setup.place(), node ]));
	},
});

function isBasic(more) {
	return Boolean(more?.shown || more?.needed || more?.basic);
}
