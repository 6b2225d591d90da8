// Programs that read Statuspage's JSON and calendars: clients.mjs CASE URL
// What a case prints is what its test in this directory expects.
import ICAL from 'ical.js';
import statuspage from 'statuspage.io';

const [, , which, url] = process.argv;

const cases = {
  async statuspage() {
    const client = new statuspage.Statuspage('x');
    client.setApiUrl(url);
    const { api } = client;
    const told = {
      status: await api.getStatus(),
      summary: await api.getSummary(),
      components: await api.getComponents(),
      incidents: await api.incidents.getAll(),
      unresolved: await api.incidents.getUnresolved(),
      maintenances: await api.scheduledMaintenances.getAll(),
      upcoming: await api.scheduledMaintenances.getUpcoming(),
      active: await api.scheduledMaintenances.getActive(),
    };
    console.log(JSON.stringify(told));
  },
  async calendar() {
    const text = await (await fetch(url)).text();
    const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent').map((one) => new ICAL.Event(one));
    console.log(JSON.stringify(events.map((one) => ({
      uid: one.uid, summary: one.summary, text: one.description, at: one.startDate.toString(), zone: one.startDate.zone.tzid,
    }))));
  },
};

await cases[which]();
