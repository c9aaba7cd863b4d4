package run

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A vitrine is how a service lists its things and takes a remark on one of them. The names of
// its requests say little or nothing of what a number in them is.
type vitrine struct {
	list           string // method and target of the list
	media          string
	head, row, end string // of the list; row has the number and the name of a thing
	rowEnd         string // between two rows
	remark         string // method and target of a remark
	sent, body     string // its media type, and the body with the number of the thing
	number         string // where a request has the number
	blind          bool   // nothing but the numbers tells what they are of, in a list without gaps
}

var vitrines = map[string]vitrine{
	"filters": {"GET /vases?select=id,name", "application/json", "[", `{"id":%[1]d,"name":"%[2]s"}`, "]", ",",
		"PATCH /vases?id=eq.%[1]d", "application/json", `{"remark":"fine"}`, `id=eq\.(\d+)`, false},
	"batches of procedures": {"GET /rpc/vase.list?batch=1&input=%%7B%%7D", "application/json", `[{"result":{"data":[`, `{"id":%[1]d,"name":"%[2]s"}`, `]}}]`, ",",
		"POST /rpc/remark.add,vase.touch?batch=1", "application/json", `{"0":{"id":%[1]d,"text":"fine"},"1":{"id":%[1]d}}`, `"0":{"id":(\d+)`, false},
	"relationships": {"GET /vases", "application/vnd.api+json", `{"data":[`, `{"type":"vases","id":"%[1]d","attributes":{"name":"%[2]s"}}`, `]}`, ",",
		"POST /remarks", "application/vnd.api+json", `{"data":{"type":"remarks","attributes":{"text":"fine"},"relationships":{"vase":{"data":{"type":"vases","id":"%[1]d"}}}}}`, `"id":"(\d+)"`, false},
	"lines": {"POST /vases/_find", "application/json", `{"hits":[`, `{"_id":"%[1]d","_source":{"name":"%[2]s"}}`, `]}`, ",",
		"POST /_bulk", "application/x-ndjson", `{"update":{"_id":"%[1]d"}}` + "\n" + `{"doc":{"remark":"fine"}}` + "\n", `"_id":"(\d+)"`, false},
	"lines both ways": {"GET /vases.ndjson", "application/x-ndjson", "", `{"id":%[1]d,"name":"%[2]s"}` + "\n", "", "",
		"POST /act", "text/plain", `{"op":"begin"}` + "\n" + `{"op":"remark","id":%[1]d}`, `"id":(\d+)`, false},
	"calls by position": {"POST /call/vase/find", "application/json", `{"result":[`, `{"id":%[1]d,"name":"%[2]s"}`, `]}`, ",",
		"POST /call/vase/remark", "application/json", `{"args":[[%[1]d],{"text":"fine"}]}`, `\[\[(\d+)\]`, true},
	"records with separators": {"GET /vases", "application/json", `[`, `{"id":%[1]d,"name":"%[2]s"}`, `]`, ",",
		"POST /hub?id=3", "text/plain;charset=UTF-8", `{"arguments":[%[1]d,"fine"],"target":"remark","type":1}` + "\x1e", `\[(\d+)`, true},
	"pointers": {"GET /all", "application/json", `{"vases":{"x":0`, `"%[1]d":{"name":"%[2]s"}`, `}}`, ",",
		"PATCH /all", "application/json-patch+json", `[{"op":"add","path":"/vases/%[1]d/remarks/-","value":"fine"}]`, `/vases/(\d+)/`, false},
	"requests within requests": {"GET /Vases", "application/json", `{"value":[`, `{"ID":%[1]d,"Name":"%[2]s"}`, `]}`, ",",
		"POST /$batch", "multipart/mixed; boundary=b1", "--b1\r\nContent-Type: multipart/mixed; boundary=c1\r\n\r\n--c1\r\nContent-Type: application/http\r\n\r\nPATCH Vases(%[1]d) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"Remark\":\"fine\"}\r\n--c1--\r\n--b1--\r\n", `Vases\((\d+)\)`, false},
	"keys in quotes": {"GET /Vases", "application/json", `{"value":[`, `{"ID":"V%[1]d","Name":"%[2]s"}`, `]}`, ",",
		"POST /Vases('V%[1]d')/Remarks", "application/json", `{"Text":"fine"}`, `V(\d+)'`, false},
	"arguments in a query": {"POST /graphql/list", "application/json", `{"data":{"vases":[`, `{"id":%[1]d,"name":"%[2]s"}`, `]}}`, ",",
		"POST /graphql", "application/json", `{"query":"mutation { remark(vase: %[1]d, text: \"fine\") { ok } }"}`, `vase: (\d+)`, false},
	"calls in XML": {"POST /lists", "text/xml", `<r><a><data>`, `<value><struct><member><name>id</name><value><int>%[1]d</int></value></member><member><name>name</name><value><string>%[2]s</string></value></member></struct></value>`, `</data></a></r>`, "",
		"POST /calls", "text/xml", `<methodCall><methodName>vase.remark</methodName><params><param><value><int>%[1]d</int></value></param><param><value><string>fine</string></value></param></params></methodCall>`, `<int>(\d+)<`, true},
	"boxes": {"GET /vases", "text/html", `<table>`, `<tr><td><input type=checkbox name="ids[]" value=%[1]d><td>%[2]s`, `</table>`, "",
		"POST /vases/remark", "application/x-www-form-urlencoded", `ids[]=%[1]d&text=fine`, `ids\[\]=(\d+)`, false},
	"names of resources": {"GET /v1/all", "application/json", `{"vases":[`, `{"name":"projects/5/vases/%[1]d","displayName":"%[2]s"}`, `]}`, ",",
		"PATCH /v1/projects/5/vases/%[1]d?updateMask=remark", "application/json", `{"remark":"fine"}`, `vases/(\d+)`, false},
	"links in documents": {"GET /vases", "application/json", `{"all":[`, `{"name":"%[2]s","_links":{"self":{"href":"/vases/%[1]d"},"remarks":{"href":"/vases/%[1]d/remarks{?page}"}}}`, `]}`, ",",
		"POST /vases/%[1]d/remarks", "application/json", `{"text":"fine"}`, `vases/(\d+)/`, false},
	"verbs behind a colon": {"GET /vases", "application/json", `[`, `{"id":%[1]d,"name":"%[2]s"}`, `]`, ",",
		"POST /vases/%[1]d:remark", "application/json", `{"text":"fine"}`, `vases/(\d+):`, false},
	"cells of a table": {"GET /list", "text/html", `<table>`, `<tr><td>%[1]d<td>%[2]s`, `</table>`, "",
		"POST /save", "application/x-www-form-urlencoded", `nr=%[1]d&text=fine`, `nr=(\d+)`, true},
	"rows without names": {"GET /rows", "application/json", `{"data":[`, `[%[1]d,"%[2]s"]`, `]}`, ",",
		"POST /mark", "application/json", `{"row":%[1]d}`, `row":(\d+)`, true},
	"data of a script": {"GET /page", "text/html", `<script>var rows=[`, `{nr:%[1]d,label:'%[2]s'},`, `];</script>`, "",
		"POST /mark", "application/x-www-form-urlencoded", `nr=%[1]d`, `nr=(\d+)`, true},
	"events": {"GET /events", "text/event-stream", "", "event: vase\ndata: {\"id\":%[1]d,\"name\":\"%[2]s\"}\n\n", "", "",
		"POST /remarks", "application/json", `{"id":%[1]d}`, `"id":(\d+)`, true},
	"lines of a table": {"GET /vases.csv", "text/csv", "id,name\r\n", "%[1]d,%[2]s\r\n", "", "",
		"POST /remarks", "application/json", `{"id":%[1]d}`, `"id":(\d+)`, true},
	"messages": {"POST /vases.Vases/List", "application/protobuf", "", "\n%[3]c\b%[1]c\x12%[4]c%[2]s", "", "",
		"POST /vases.Vases/Remark", "application/protobuf", "\b%[1]c\x12\x04fine", "\n\b(.)\x12", true},
}

// A cabinet is a service with things.
type cabinet struct {
	vitrine
	names []string
	first int // number of the first thing
	step  int // to the next

	mu      sync.Mutex
	remarks map[string]int // by name
}

func (c *cabinet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	list, _, _ := strings.Cut(c.list, "?")
	if r.Method+" "+r.URL.Path == list && r.Method != "PATCH" {
		w.Header().Set("Content-Type", c.media)
		between := c.rowEnd
		if !strings.Contains(c.head, `"x":0`) {
			between = ""
		}
		fmt.Fprint(w, c.head)
		for i, name := range c.names {
			fmt.Fprintf(w, between+c.row, c.first+c.step*i, name, 4+len(name), len(name))
			between = c.rowEnd
		}
		fmt.Fprint(w, c.end)
		return
	}
	found := regexp.MustCompile(c.number).FindStringSubmatch(r.URL.String() + "\n" + string(body))
	if found == nil {
		fmt.Fprint(w, `{"hello":true}`)
		return
	}
	for i, name := range c.names {
		if n := c.first + c.step*i; found[1] == fmt.Sprint(n) || found[1] == string(rune(n)) {
			c.remarks[name]++
			fmt.Fprint(w, `{"done":true}`)
			return
		}
	}
	http.Error(w, `{"error":"not found"}`, http.StatusNotFound)
}

// comment is a user who makes a remark on a thing that a person knows by its name.
func (c *cabinet) comment(g *guest, i int) {
	ask := func(call, media, body string) {
		number := c.first + c.step*(i%len(c.names))
		method, target, _ := strings.Cut(fmt.Sprintf(call+"%[2]s", number, ""), " ")
		g.do(method, target, media, fmt.Sprintf(body+"%[2]s", number, ""))
	}
	g.do("GET", "/", "", "")
	ask(c.list, "", "")
	ask(c.remark, c.sent, c.body)
}

// All are shown the same numbers. Those that a target gives its things are other ones, or the
// same for other things. Remarks are made on what the users meant, or the run says that it
// does not know what they were made on.
func TestNumbersThatUsersDrawFromAListAreThoseOfTheLiveOne(t *testing.T) {
	names := []string{"Blue Amphora", "Tall Beaker", "Small Carafe", "Old Decanter"}
	other := []string{"New Ewer", "Old Decanter", "Tall Beaker", "Round Flask", "Blue Amphora", "Small Carafe"}
	for _, way := range slices.Sorted(maps.Keys(vitrines)) {
		for numbers, at := range map[string][4]int{"with gaps": {36, 5, 71, 7}, "without gaps": {1, 1, 1, 1}} {
			t.Run(way+" "+numbers, func(t *testing.T) {
				home := &cabinet{vitrine: vitrines[way], names: names, first: at[0], step: at[1], remarks: map[string]int{}}
				m := learned(t, home, 8, home.comment)
				live := &cabinet{vitrine: vitrines[way], names: other, first: at[2], step: at[3], remarks: map[string]int{}}
				s := httptest.NewServer(live)
				defer s.Close()
				sum := playModel(t, m, s.URL, replay.Plan{Scale: 3, Speed: 20}, Options{})
				right := 0
				for _, name := range names {
					right += min(live.remarks[name], 3*home.remarks[name])
				}
				if home.blind && at[1] == 1 {
					if sum.Faithful.Verdict != faithful.Partly || !strings.Contains(fmt.Sprint(sum.Faithful.Reasons), "identifiers of the recording") {
						t.Errorf("%s %q, though nobody knows what the remarks are on: %v", sum.Faithful.Verdict, sum.Faithful.Reasons, live.remarks)
					}
					return
				}
				if right != 3*8 || sum.Faithful.Verdict != faithful.Faithful {
					t.Errorf("%d of 24 remarks are on the right things, %s %q: %v", right, sum.Faithful.Verdict, sum.Faithful.Reasons, live.remarks)
				}
			})
		}
	}
}
