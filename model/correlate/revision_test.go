package correlate

import (
	"fmt"
	"testing"
)

func TestNamesOfRevisions(t *testing.T) {
	for name, want := range map[string]string{
		"rev": "rev", "_rev": "rev", "lock_version": "version", "lockVersion": "version", "expectedVersion": "version", "ETag": "etag", "row_version": "version", "resourceVersion": "version",
		"updated_at": "updated", "updatedAt": "updated", "modified": "modified", "last_modified": "modified", "seq_no": "seq", "SEQUENCE": "sequence", "concurrencyVersion": "version",
		"quantity": "", "review": "", "price": "", "n": "", "reverse": "", "versions_of": "", "conversion": "", "server": "", "id": "", "": "",
	} {
		if got := revisionWord(name); got != want {
			t.Errorf("%s is a revision by %q, want %q", name, got, want)
		}
	}
}

// Everybody makes a note and changes it once, so that all send the same numbers.
func TestARevisionIsBoundAlsoWhereItIsTheSameInAllSessions(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		p.do("POST /notes"+asJSON+fmt.Sprintf(`{"text":"note %d"}`, i), "201"+asJSON+fmt.Sprintf(`{"id":%d,"version":1,"stars":3}`, 10+i))
		p.do(fmt.Sprintf("PATCH /notes/%d", 10+i)+asJSON+fmt.Sprintf(`{"version":1,"stars":3,"text":"note %d again"}`, i), "200"+asJSON+`{"ok":true,"version":2}`)
	})
	want(t, "values", values(r, "PATCH /notes/{}"), "note_id=bound note_id, version=bound version, text=row")
	want(t, "unresolved", fmt.Sprint(r.Unresolved), "[]")
}

// The document that was read is written back, with the revision that the last write gave.
func TestTheRevisionThatAWriteGaveIsPutIntoTheDocument(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		id := 10 + i
		p.do(fmt.Sprintf("GET /notes/%d", id), "200"+asJSON+fmt.Sprintf(`{"id":%d,"_rev":"%d","title":"Note","text":"Some","done":false}`, id, 2+i%2))
		p.do(fmt.Sprintf("PUT /notes/%d", id)+asJSON+fmt.Sprintf(`{"id":%d,"_rev":"%d","title":"Note","text":"Some","done":true}`, id, 2+i%2), "200"+asJSON+fmt.Sprintf(`{"ok":true,"rev":"%d"}`, 3+i%2))
		p.do(fmt.Sprintf("PUT /notes/%d", id)+asJSON+fmt.Sprintf(`{"id":%d,"_rev":"%d","title":"Note %d","text":"Some","done":true}`, id, 3+i%2, i), "200"+asJSON+fmt.Sprintf(`{"ok":true,"rev":"%d"}`, 4+i%2))
	})
	want(t, "the revision", from(r, "rev"), "PUT /notes/{} json:rev")
	want(t, "unresolved", fmt.Sprint(r.Unresolved), "[]")
}

func TestWhatAUserTypedIsNoRevision(t *testing.T) {
	r := record(8, nil, func(p *tape, i int) {
		id, n := 10+i%4, 1+i/2%2
		p.do(fmt.Sprintf("GET /products/%d", id), "200"+asJSON+fmt.Sprintf(`{"id":%d,"quantity":%d,"level":%d}`, id, n, n))
		p.do("POST /basket"+asJSON+fmt.Sprintf(`{"product_id":%d,"quantity":%d,"level":%d}`, id, n, n), "201"+asJSON+fmt.Sprintf(`{"id":%d,"quantity":%d,"level":%d}`, 70+i, n, n))
		p.do(fmt.Sprintf("GET /products/%d", id), "200"+asJSON+fmt.Sprintf(`{"id":%d,"quantity":%d,"level":%d}`, id, n-1, n))
	})
	want(t, "values", values(r, "POST /basket"), "product_id=bound product_id, quantity=row, level=row")
}

// A name that says nothing is believed where the record has a greater number after each
// change, whatever was sent.
func TestAMemberThatGrowsWithEachChangeIsARevision(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		id, n := 10+i%3, 3+i%2
		p.do(fmt.Sprintf("GET /notes/%d", id), "200"+asJSON+fmt.Sprintf(`{"id":%d,"tick":%d}`, id, n))
		p.do("POST /notes/change"+asJSON+fmt.Sprintf(`{"id":%d,"tick":%d,"text":"by %d"}`, id, n, i), "200"+asJSON+fmt.Sprintf(`{"tick":%d}`, n+1))
	})
	want(t, "values", values(r, "POST /notes/change"), "note_id=bound note_id, tick=bound tick, text=row")
}

func TestThatOfAnElementIsTakenFromItsPlaceInTheList(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		k := i % 3
		p.do("GET /notes", "200"+asJSON+`{"notes":[{"id":31,"meta":{"rev":5}},{"id":32,"meta":{"rev":5}},{"id":33,"meta":{"rev":4}}]}`)
		p.do("POST /merge"+asJSON+fmt.Sprintf(`{"by":"u%d","notes":[{"id":%d,"rev":%d},{"id":%d,"rev":%d}]}`, i, 31+k, []int{5, 5, 4}[k], 31+(k+1)%3, []int{5, 5, 4}[(k+1)%3]), "200"+asJSON+`{}`)
	})
	want(t, "values", values(r, "POST /merge"), "by=row, note_id=bound note_id, rev=bound rev, note_id_2=bound note_id, rev_2=bound rev")
	for i := range 6 {
		k := i % 3
		want(t, fmt.Sprint("what session ", i, " took"), takesOf(r, i, 1), fmt.Sprintf("0.0.%[1]d 0.0.%[1]d 0.0.%[2]d 0.0.%[2]d", k, (k+1)%3))
	}
}

func TestOneAddressAloneSaysWhatARevisionIsOf(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /settings", "200\nETag: \"7\""+asJSON+`{"lockVersion":7,"theme":"dark"}`)
		p.do("PATCH /settings"+asJSON+fmt.Sprintf(`{"lock_version":7,"theme":"t%d"}`, i), "204")
		p.do("GET /other", "200\nETag: \"4\""+asJSON+`{"lockVersion":4}`)
		p.do("PATCH /other\nIf-Match: \"4\""+asJSON+fmt.Sprintf(`{"theme":"t%d"}`, i), "204")
	})
	want(t, "values", values(r, "PATCH /settings"), "lockVersion=bound lockVersion, theme=row")
	want(t, "source", from(r, "lockVersion"), "GET /settings json:lockVersion")
	want(t, "values", values(r, "PATCH /other"), "etag_value=bound etag_value, theme=row")
	for _, tag := range []string{`"4"`, `4`} {
		r = record(3, nil, func(p *tape, i int) {
			p.do("GET /shelf", "200"+asJSON+`{"name":"a","version":4}`)
			p.do("PATCH /shelf\nIf-Match: "+tag+asJSON+fmt.Sprintf(`{"name":"t%d"}`, i), "204")
		})
		want(t, "values", values(r, "PATCH /shelf"), "version=bound version, name=row")
		want(t, "source", from(r, "version"), "GET /shelf json:version")
	}
}

func TestRevisionsThatCannotBeBoundAreNamed(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		p.do("GET /notes", "200"+asJSON+`{"notes":["a","b"]}`)
		p.do(fmt.Sprintf("PATCH /notes/%d", 7+i%3)+asJSON+fmt.Sprintf(`{"version":%d,"format_version":2,"text":"by %d"}`, 3+i, i), "204")
	})
	want(t, "unresolved", fmt.Sprint(r.Unresolved), "[{PATCH /notes/{} body $.version 1 characters has the name of a revision, and no earlier answer showed one of what it stands beside bind it to an answer, or give its values with --data 6 false}]")
}

// The version of a format is the same in all that clients write. Those of programs say
// nothing of it, those of records do.
func TestTheVersionOfAFormatIsNoRevision(t *testing.T) {
	for shown, unresolved := range map[string]int{`"5.130"`: 0, `7`: 1} {
		r := record(6, nil, func(p *tape, i int) {
			p.do("GET /about", "200"+asJSON+`{"name":"Notes","version":`+shown+`}`)
			p.do(fmt.Sprintf("PATCH /notes/%d", 7+i%3)+asJSON+fmt.Sprintf(`{"version":1,"text":"by %d"}`, i), "204")
		})
		want(t, "unresolved where an answer has "+shown, fmt.Sprint(len(r.Unresolved)), fmt.Sprint(unresolved))
	}
}

// The user made a note, and the answer gave its identifier alone.
func TestTheRevisionOfWhatAUserMadeIsThatOfTheElementWithItsText(t *testing.T) {
	for _, texts := range []bool{true, false} {
		r := record(4, nil, func(p *tape, i int) {
			p.do("POST /notes"+asJSON+fmt.Sprintf(`{"text":"all of %c"}`, 'a'+i), "201"+asJSON+fmt.Sprintf(`{"id":%d}`, 40+i))
			list := `{"notes":[{"id":7,"rev":4,"text":"same"}`
			for k := range i + 1 {
				text := "same"
				if texts {
					text = fmt.Sprintf("all of %c", 'a'+k)
				}
				list += fmt.Sprintf(`,{"id":%d,"rev":1,"text":%q}`, 40+k, text)
			}
			list += "]}"
			p.do("GET /notes", "200"+asJSON+list)
			p.do(fmt.Sprintf("PATCH /notes/%d", 40+i)+asJSON+fmt.Sprintf(`{"rev":1,"text":"none of %c"}`, 'a'+i), "204")
		})
		got := takesOf(r, 2, 2)
		if texts {
			want(t, "takes", got, "0.0.0 1.0.3")
			want(t, "unresolved", fmt.Sprint(r.Unresolved), "[]")
		} else {
			want(t, "takes", got, "0.0.0 own")
			want(t, "unresolved", fmt.Sprint(len(r.Unresolved)), "1")
		}
	}
}

// In the query of a delete, in XML, in a form in parts, and of one record beside another.
func TestARevisionIsThatOfItsRecordWhereverItStands(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		id, other := 10+i%3, 10+(i+1)%3
		rev := func(id int) int { return 3 + (id+i/3)%2 }
		show := func(id int) {
			p.do(fmt.Sprintf("GET /notes/%d", id), "200"+asJSON+fmt.Sprintf(`{"id":%d,"attributes":{"rev":%d}}`, id, rev(id)))
		}
		show(id)
		show(other)
		p.do("POST /link"+asJSON+fmt.Sprintf(`{"by":%d,"notes":[{"id":%d,"rev":%d},{"id":%d,"rev":%d}]}`, i, other, rev(other), id, rev(id)), "204")
		p.do("POST /xml\nContent-Type: application/xml\n\n"+fmt.Sprintf(`<change id="%d" rev="%d"><text>by %d</text></change>`, id, rev(id), i), "204")
		p.do("POST /parts\nContent-Type: multipart/form-data; boundary=XX\n\n"+fmt.Sprintf("--XX\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n%d\r\n--XX\r\nContent-Disposition: form-data; name=\"rev\"\r\n\r\n%d\r\n--XX--\r\n", id, rev(id)), "204")
		p.do(fmt.Sprintf("DELETE /notes/%d?rev=%d", id, rev(id)), "204")
	})
	for _, tt := range []struct {
		act                int
		name, values, took string
	}{
		{2, "POST /link", "by=row, note_id=bound note_id, rev=bound rev, notes[1].id=row, rev_2=bound rev", "1.0.0 1.0.0 0.0.0"},
		{3, "POST /xml", "change_id=row, rev=bound rev, change_text=row", "0.0.0"},
		{4, "POST /parts", "id=row, rev=bound rev", "0.0.0"},
		{5, "DELETE /notes/{}", "id=row, rev=bound rev", "0.0.0"},
	} {
		want(t, tt.name, values(r, tt.name), tt.values)
		want(t, "takes of "+tt.name, takesOf(r, 0, tt.act), tt.took)
	}
	want(t, "unresolved", fmt.Sprint(r.Unresolved), "[]")
}
