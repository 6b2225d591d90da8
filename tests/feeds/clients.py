"""Programs that read feeds and calendars: clients.py CASE URL

Each case is a function; what it prints is what its test in this directory expects.
"""

import json
import sys
import urllib.request

import feedparser
import icalendar


def feed(url):
    found = feedparser.parse(url)
    # Who has it is not sent it again.
    again = feedparser.parse(url, etag=found.etag)
    entries = [{"id": one.id, "title": one.title, "text": one.content[0].value} for one in found.entries]
    print(json.dumps({
        "is_bad": found.bozo, "version": found.version, "title": found.feed.title, "entries": entries, "again": again.status,
    }))


def calendar(url):
    with urllib.request.urlopen(url) as answer:
        found = icalendar.Calendar.from_ical(answer.read())
    events = found.walk("VEVENT")
    print(json.dumps([
        {
            "uid": str(one["UID"]),
            "summary": str(one["SUMMARY"]),
            "text": str(one.get("DESCRIPTION", "")),
            "status": str(one["STATUS"]),
            "minutes": int((one.decoded("DTEND") - one.decoded("DTSTART")).total_seconds() // 60),
            "zone": str(one.decoded("DTSTART").tzinfo),
            "errors": len(one.errors),
        }
        for one in events
    ]))


{"feed": feed, "calendar": calendar}[sys.argv[1]](sys.argv[2])
