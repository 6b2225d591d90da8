// What LuCI has around a view, for tests: its loader, and of its modules what the views of aiglon use, after their documentation
// (https://openwrt.github.io/luci/jsapi/). A property or a method that is not documented is an error here; on a router it would be
// lost without a word. `given` has: words (a catalogue), uci (sections), answers (what commands say), allowed (commands, by the ACL),
// methods (of ubus, by the ACL). A call of a method waits in `seen.calls` until a test answers it.
window.Stub = given => {
	const seen = { untranslated: [], notes: [], executed: [], polls: [], calls: [], applied: 0, map: null };

	// ---- elements -----------------------------------------------------------------------------------------------------

	const append = (node, children) => {
		if (Array.isArray(children)) {
			for (const child of children)
				if (child instanceof Node)
					node.appendChild(child);
				else if (child !== null && child !== undefined)
					node.appendChild(document.createTextNode(String(child)));
		} else if (children instanceof Node) {
			node.appendChild(children);
		} else if (children !== null && children !== undefined) {
			// As LuCI does with a bare string: whoever gives it something foreign has a hole.
			node.innerHTML = String(children);
		}
	};
	const E = (tag, attributes, children) => {
		const node = document.createElement(tag);
		for (const [ name, value ] of Object.entries(attributes ?? {}))
			if (typeof value === 'function')
				node.addEventListener(name, value);
			else if (value !== null && value !== undefined)
				node.setAttribute(name, value);
		append(node, children);
		return node;
	};
	const dom = { content: (node, children) => { node.replaceChildren(); append(node, children); } };
	String.prototype.format = function(...values) {
		// `%h` is text made harmless for HTML.
		const harmless = text => text.replace(/[&<>"']/g, c => '&#' + c.charCodeAt(0) + ';');
		return this.replace(/%[sdh]/g, form => form === '%h' ? harmless(String(values.shift())) : String(values.shift()));
	};
	const _ = (text, context) => {
		const key = context ? context + '\u0001' + text : text;
		if (!(key in given.words))
			seen.untranslated.push(text);
		return given.words[key] || text;
	};

	// ---- what reaches the router -----------------------------------------------------------------------------------------

	const fs = {
		exec: (command, words) => {
			const line = [ command ].concat(words ?? []).join(' ');
			seen.executed.push(line);
			if (!given.allowed.includes(line))
				return Promise.reject(new Error('Permission denied: ' + line));
			return Promise.resolve(given.answers[line]);
		},
	};
	const find = name => given.uci.find(section => section['.name'] === name);
	const uci = {
		load: name => name === 'aiglon' ? Promise.resolve() : Promise.reject(new Error('no ' + name)),
		sections: (name, type) => given.uci.filter(section => section['.type'] === type),
		get: (name, section, option) => option ? find(section)?.[option] : find(section),
		set: (name, section, option, value) => { find(section)[option] = value; },
		unset: (name, section, option) => { delete find(section)[option]; },
		add: (name, type, section) => { given.uci.push({ '.type': type, '.name': section }); },
		remove: (name, section) => { given.uci = given.uci.filter(one => one['.name'] !== section); },
		save: () => Promise.resolve(),
	};
	// A method that is not allowed is refused by uhttpd; what another answers is told by the test.
	const rpc = {
		declare: options => (...values) => {
			const args = {};
			(options.params ?? []).forEach((name, at) => { args[name] = values[at]; });
			const take = reply => {
				for (const [ key, usual ] of Object.entries(options.expect ?? {})) {
					const found = key === '' ? reply : reply?.[key];
					return typeof found === typeof usual && Array.isArray(found) === Array.isArray(usual) ? found : usual;
				}
				return reply;
			};
			if (options.object === 'session' && options.method === 'access')
				return Promise.resolve(take({ access: given.methods.includes(args.object + '.' + args.function) }));
			if (!given.methods.includes(options.object + '.' + options.method))
				return options.reject ? Promise.reject(new Error('Access denied')) : Promise.resolve(6);
			return new Promise(done => seen.calls.push({ object: options.object, method: options.method, args: args, done: reply => done(take(reply)) }));
		},
	};
	const poll = { add: (call, seconds) => { seen.polls.push(call); seen.every = seconds; } };
	const modal = E('div', { 'class': 'modal' });
	const ui = {
		addNotification: (title, children, kind) => {
			const note = E('div', { 'class': 'alert-message ' + kind }, [ title ? E('h4', {}, [ title ]) : '' ].concat(children));
			seen.notes.push(note.textContent);
			document.body.prepend(note);
		},
		showModal: (title, children) => {
			dom.content(modal, [ E('h4', {}, [ title ]) ].concat(children));
			document.body.append(modal);
		},
		hideModal: () => modal.remove(),
		createHandlerFn: (self, call, ...rest) => event => (typeof call === 'string' ? self[call] : call).call(self, ...rest, event),
		changes: { apply: checked => { seen.applied += checked ? 1 : 0; } },
	};

	// ---- forms ---------------------------------------------------------------------------------------------------------

	// Only these may be set on it.
	const strict = (object, names) => new Proxy(object, {
		set: (target, name, value) => {
			if (!names.includes(name))
				throw new Error('LuCI knows no property ' + String(name) + ' of ' + target.constructor.name);
			target[name] = value;
			return true;
		},
	});
	class Option {
		constructor(map, section, name, title, description) {
			Object.assign(this, { map, section, name, title, description, widgets: {} });
		}
		value(key, title) {
			(this.keylist ??= []).push(key);
			(this.vallist ??= []).push(title ?? key);
		}
		getUIElement(id) { return this.widgets[id]; }
		// What the table has. LuCI writes `none` for nothing.
		textvalue(id) { return this.cfgvalue(id) ?? this.default ?? null; }
		load(id) { return find(id)[this.name]; }
		cfgvalue(id) { return this.load(id); }
		validate() { return true; }
		render(id) {
			const value = this.cfgvalue(id) ?? '';
			const input = E('input', { 'type': 'text', 'value': value, 'placeholder': this.placeholder ?? '' });
			this.widgets[id] = { getValue: () => input.value, setValue: text => { input.value = text; } };
			return input;
		}
	}
	class Value extends Option {}
	class ListValue extends Option {
		render(id) {
			const value = this.cfgvalue(id) ?? this.default ?? '';
			const select = E('select', {}, (this.keylist ?? []).map((key, at) => E('option', { 'value': key }, [ this.vallist[at] ])));
			select.value = value;
			this.widgets[id] = { getValue: () => select.value, setValue: text => { select.value = text; } };
			return select;
		}
	}
	class DynamicList extends Option {
		render(id) {
			const list = E('ul', {}, []);
			const widget = {
				getValue: () => [ ...list.children ].map(item => item.textContent),
				setValue: values => dom.content(list, values.map(value => E('li', {}, [ value ]))),
			};
			widget.setValue([].concat(this.cfgvalue(id) ?? []));
			this.widgets[id] = widget;
			return list;
		}
	}
	// What cannot be chosen is lost.
	class MultiValue extends Option {
		render(id) {
			const value = [].concat(this.cfgvalue(id) ?? []);
			const select = E('select', { 'multiple': '' }, (this.keylist ?? []).map((key, at) => E('option', { 'value': key }, [ this.vallist[at] ])));
			for (const option of select.options)
				option.selected = value.includes(option.value);
			this.widgets[id] = { getValue: () => [ ...select.selectedOptions ].map(option => option.value) };
			return select;
		}
	}
	class Button extends Option {
		render(id) {
			return E('button', { 'click': event => this.onclick.call(this, event, id) }, [ this.inputtitle ]);
		}
	}
	const OPTION = [ 'modalonly', 'rmempty', 'optional', 'placeholder', 'datatype', 'inputtitle', 'onclick', 'validate', 'default', 'textvalue',
		'load', 'keylist', 'vallist' ];
	const SECTION = [ 'anonymous', 'addremove', 'sortable', 'nodescriptions', 'modaltitle' ];
	class GridSection {
		constructor(map, type, title, description) {
			Object.assign(this, { map, type, sectiontype: type, title, description, options: [], tabs: [] });
		}
		tab(name, title) { this.tabs.push(name); }
		// Once there are tabs, what stands on none of them is not in the form.
		taboption(tab, Kind, name, title, description) {
			if (!this.tabs.includes(tab))
				throw new Error('no tab ' + tab);
			const option = strict(new Kind(this.map, this, name, title, description), OPTION);
			option.widgets.tab = tab;
			this.options.push(option);
			return option;
		}
		// The table, and below it what the modal of each section would have: all is seen at once.
		render() {
			const inside = given.uci.filter(section => section['.type'] === this.type);
			// `modalonly`: only in the modal if true, only in the table if false, else in both.
			const shown = this.options.filter(option => option.modalonly !== true);
			const edited = this.options.filter(option => option.modalonly !== false);
			const table = E('table', { 'class': 'table' }, [
				E('tr', {}, [ E('th', {}, [ '' ]) ].concat(shown.map(option => E('th', {}, [ option.title ])))),
			].concat(inside.map(section => E('tr', {}, [ E('td', {}, [ section['.name'] ]) ].concat(
				shown.map(option => E('td', {}, [ [].concat(option.textvalue(section['.name']) ?? 'none').join(', ') ])))))));
			const modals = inside.map(section => E('fieldset', {}, [ E('legend', {}, [ this.modaltitle(section['.name']) ]) ].concat(
				edited.map(option => E('label', {}, [ option.title, option.render(section['.name']),
					/* As LuCI has it: HTML. */
					E('small', {}, option.description) ])))));
			return E('div', { 'class': 'cbi-section', 'data-type': this.type },
				[ E('h3', {}, [ this.title ]), E('p', {}, this.description), table ].concat(modals));
		}
	}
	class FormMap {
		constructor(config, title, description) {
			if (config !== 'aiglon')
				throw new Error('no configuration ' + config);
			Object.assign(this, { title, description, sections: [] });
			seen.map = this;
			return strict(this, [ 'tabbed' ]);
		}
		section(Kind, type, title, description) {
			const section = strict(new Kind(this, type, title, description), SECTION);
			this.sections.push(section);
			return section;
		}
		lookupOption(name, id) {
			for (const section of this.sections)
				for (const option of section.options)
					if (option.name === name && option.widgets[id])
						return [ option, id ];
			return null;
		}
		render() {
			return Promise.resolve(E('div', {}, [ E('h2', {}, [ this.title ]), E('p', {}, [ this.description ]) ]
				.concat(this.sections.map(section => section.render()))));
		}
		// As it would be in the file after "Save".
		save() {
			const quote = value => "'" + value.replaceAll("'", "'\\''") + "'";
			let text = '';
			for (const section of this.sections)
				for (const { '.name': id } of given.uci.filter(one => one['.type'] === section.type)) {
					text += 'config ' + section.type + ' ' + quote(id) + '\n';
					for (const option of section.options.filter(one => one.widgets[id])) {
						const value = option.widgets[id].getValue();
						for (const one of [].concat(value))
							if (option.validate(id, one) !== true)
								throw new Error(id + ' ' + option.name + ': ' + option.validate(id, one));
						if (Array.isArray(value))
							for (const one of value)
								text += '\tlist ' + option.name + ' ' + quote(one) + '\n';
						else if (value !== '')
							text += '\toption ' + option.name + ' ' + quote(value) + '\n';
						else if (option.rmempty === false)
							throw new Error(id + ' needs ' + option.name);
					}
				}
			return text;
		}
	}
	const form = { Map: FormMap, GridSection, Value, ListValue, DynamicList, MultiValue, Button };

	// ---- the loader ----------------------------------------------------------------------------------------------------

	const view = { extend: properties => properties };
	const baseclass = { extend: properties => properties };
	const modules = { view, baseclass, form, fs, ui, uci, poll, dom, rpc };
	const L = {
		toArray: value => value === null || value === undefined ? [] : [].concat(value),
		resolveDefault: (value, usual) => Promise.resolve(value).catch(() => usual),
		url: (...parts) => '/cgi-bin/luci/' + parts.join('/'),
		hasViewPermission: () => !given.readonly,
	};
	const made = {};
	const make = source => {
		const needs = [ ...source.matchAll(/^'require ([\w.]+)(?: as (\w+))?';$/gm) ];
		const found = needs.map(([ , name ]) => {
			if (name in given.modules)
				return made[name] ??= make(given.modules[name]);
			if (name in modules)
				return modules[name];
			throw new Error('no module ' + name);
		});
		return new Function('E', '_', 'L', ...needs.map(([ , name, as ]) => as ?? name), source)(E, _, L, ...found);
	};
	const run = source => {
		const one = make(source);
		return Promise.resolve(one.load()).then(data => one.render(data)).then(node => dom.content(document.body, node ? [ node ] : []));
	};
	return { seen, run, made, uci, given };
};
