package correlate

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
)

func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func escaped(s, form string) string {
	var out strings.Builder
	for _, r := range s {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, form, r)
		}
	}
	return out.String()
}

func b64(s string) string  { return base64.StdEncoding.EncodeToString([]byte(s)) }
func b64u(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
func inPage(s string) string {
	return "200" + asHTML + "<!doctype html><html><head><title>T</title></head><body>" + s + "</body></html>"
}

// gridSources write a value into an answer.
var gridSources = map[string]func(v string) string{
	"json": func(v string) string { return "200" + asJSON + `{"data":{"t":` + jsonText(v) + `,"n":3}}` },
	"json list": func(v string) string {
		return "200" + asJSON + `{"items":[{"kind":"a","v":"zz"},{"kind":"b","v":` + jsonText(v) + `}]}`
	},
	"json key": func(v string) string { return "200" + asJSON + `{"items":{` + jsonText(v) + `:{"name":"x","qty":2}}}` },
	"json in json": func(v string) string {
		return "200" + asJSON + `{"state":` + jsonText(`{"tok":`+jsonText(v)+`,"v":1}`) + `}`
	},
	"json base64": func(v string) string { return "200" + asJSON + `{"blob":"` + b64(v) + `"}` },
	"json b64 json": func(v string) string {
		return "200" + asJSON + `{"blob":"` + b64(`{"tok":`+jsonText(v)+`,"v":1}`) + `"}`
	},
	"json url": func(v string) string {
		return "200" + asJSON + `{"next":"/more?cursor=` + url.QueryEscape(v) + `&n=10"}`
	},
	"json unicode": func(v string) string { return "200" + asJSON + `{"a":"` + escaped(v, `\u%04x`) + `"}` },
	"json slash": func(v string) string {
		return "200" + asJSON + `{"a":` + strings.ReplaceAll(jsonText(v), "/", `\/`) + `}`
	},
	"json html": func(v string) string {
		return "200" + asJSON + `{"html":` + jsonText(`<form><input type="hidden" name="tk" value="`+html.EscapeString(v)+`"></form>`) + `}`
	},
	"header":       func(v string) string { return "200\nX-Ticket: " + v + asText + "ok" },
	"header param": func(v string) string { return "200\nX-State: v=1; ticket=\"" + v + "\"; p=2" + asText + "ok" },
	"link": func(v string) string {
		return "200\nLink: </list?cursor=" + url.QueryEscape(v) + "&n=5>; rel=\"next\"" + asJSON + "[]"
	},
	"cookie": func(v string) string { return "200\nSet-Cookie: tk=" + url.QueryEscape(v) + "; Path=/" + asText + "ok" },
	"hidden": func(v string) string {
		return inPage(`<form action="/x" method=post><input type="hidden" name="tk" value="` + html.EscapeString(v) + `"><input name=a></form>`)
	},
	"hidden numeric": func(v string) string {
		return inPage(`<form action="/x" method=post><input type="hidden" name="tk" value="` + escaped(v, `&#%d;`) + `"></form>`)
	},
	"href query": func(v string) string { return inPage(`<a href="/go?id=` + url.QueryEscape(v) + `&amp;b=1">go</a>`) },
	"href path":  func(v string) string { return inPage(`<a href="/doc/` + url.PathEscape(v) + `/edit">go</a>`) },
	"element": func(v string) string {
		return inPage(`<p>Your number: <b class="num">` + html.EscapeString(v) + `</b> thanks</p>`)
	},
	"sentence": func(v string) string { return inPage(`<p>Your number is ` + html.EscapeString(v) + `. Thanks</p>`) },
	"script hex": func(v string) string {
		return inPage(`<script>var cfg = {a: 1, token: "` + escaped(v, `\x%02x`) + `"};</script>`)
	},
	"script set": func(v string) string {
		return inPage(`<script>` + "\n" + `window.token='` + escaped(v, `\u%04x`) + `';` + "\n</script>")
	},
	"script json": func(v string) string {
		return inPage(`<script type="application/json">{"a":{"b":` + jsonText(v) + `}}</script>`)
	},
	"script parse": func(v string) string {
		return inPage(`<script>var s = JSON.parse(` + jsonText(`{"q":`+jsonText(v)+`}`) + `);</script>`)
	},
	"script call": func(v string) string { return inPage(`<script>App.init("` + escaped(v, `\x%02x`) + `", 5);</script>`) },
	"data json": func(v string) string {
		return inPage(`<div id=r data-props="` + html.EscapeString(`{"p":{"t":`+jsonText(v)+`}}`) + `"></div>`)
	},
	"data plain": func(v string) string { return inPage(`<div data-id="` + html.EscapeString(v) + `"></div>`) },
	"onclick": func(v string) string {
		return inPage(`<a href="#" onclick="pick('` + strings.ReplaceAll(escaped(v, `\x%02x`), `\x2d`, "-") + `'); return false">x</a>`)
	},
	"id attribute": func(v string) string { return inPage(`<tr id="row-` + html.EscapeString(v) + `"></tr>`) },
	"meta": func(v string) string {
		return "200" + asHTML + `<html><head><meta name="tk" content="` + html.EscapeString(v) + `"></head><body></body></html>`
	},
	"textarea": func(v string) string { return inPage(`<textarea name=z>` + html.EscapeString(v) + `</textarea>`) },
	"option": func(v string) string {
		return inPage(`<select name=o><option value="0">none<option value="` + html.EscapeString(v) + `" selected>x</select>`)
	},
	"comment": func(v string) string { return inPage(`<!-- request ` + v + ` -->`) },
	"xml": func(v string) string {
		return "200\nContent-Type: application/xml\n\n<r><a><tok>" + html.EscapeString(v) + "</tok></a></r>"
	},
	"xml attribute": func(v string) string {
		return "200\nContent-Type: application/xml\n\n<r><a id=\"" + html.EscapeString(v) + "\"/></r>"
	},
	"cdata":       func(v string) string { return "200\nContent-Type: text/xml\n\n<r><tok><![CDATA[" + v + "]]></tok></r>" },
	"plain":       func(v string) string { return "200" + asText + v },
	"lines":       func(v string) string { return "200" + asText + "a=1\nToken=" + v + "\nb=2\n" },
	"colon lines": func(v string) string { return "200" + asText + "Id: 1\nTicket: " + v + "\n" },
	"form":        func(v string) string { return "200" + asForm + "a=1&oauth=" + url.QueryEscape(v) + "&b=2" },
	"csv":         func(v string) string { return "200\nContent-Type: text/csv\n\nid;name\n\"" + v + "\";x\n" },
	"jsonp": func(v string) string {
		return "200\nContent-Type: application/javascript\n\ncb({\"t\":" + jsonText(v) + "});"
	},
	"js assignment": func(v string) string {
		return "200\nContent-Type: text/javascript\n\nwindow.__s={\"t\":" + jsonText(v) + ",\"u\":1};"
	},
	"guarded json": func(v string) string { return "200" + asJSON + ")]}',\n{\"t\":" + jsonText(v) + "}" },
	"packet":       func(v string) string { return "200" + asText + "42[\"said\",{\"room\":" + jsonText(v) + "}]" },
	"events": func(v string) string {
		return "200\nContent-Type: text/event-stream\n\nevent: a\ndata: {\"t\":" + jsonText(v) + "}\n\n"
	},
	"ndjson": func(v string) string {
		return "200\nContent-Type: application/x-ndjson\n\n{\"a\":1}\n{\"t\":" + jsonText(v) + "}\n"
	},
	"jwt": func(v string) string {
		return "200" + asJSON + `{"jwt":"` + b64u(`{"alg":"HS256"}`) + "." + b64u(`{"sub":"x","tok":`+jsonText(v)+`}`) + `.c2lnbmF0dXJlc2lnbmF0dXJl"}`
	},
	"redirect query": func(v string) string { return "302\nLocation: /land?x=1&code=" + url.QueryEscape(v) + asText },
	"redirect frag":  func(v string) string { return "302\nLocation: /land#access=" + url.QueryEscape(v) + "&t=1" + asText },
	"redirect path":  func(v string) string { return "201\nLocation: /land/" + url.PathEscape(v) + "/view" + asText },
	"content loc":    func(v string) string { return "200\nContent-Location: /items/" + url.PathEscape(v) + asJSON + "{}" },
	"refresh": func(v string) string {
		return "200\nRefresh: 0; url=/land?t=" + url.QueryEscape(v) + asHTML + "<p>wait"
	},
	"etag": func(v string) string { return "200\nETag: \"" + b64u(v) + "\"" + asJSON + "{}" },
	"pipes": func(v string) string {
		return "200" + asText + "12|hidden|__VS|" + strings.ReplaceAll(v, "|", "") + "|8|x|"
	},
	"hex in json": func(v string) string { return "200" + asJSON + `{"h":"` + hex.EncodeToString([]byte(v)) + `"}` },
}

// gridSinks write a value into a request: its target, its path template and the rest.
var gridSinks = map[string]func(v string) (request, path string){
	"query": func(v string) (string, string) { return "GET /s?a=1&t=" + url.QueryEscape(v) + "&z=2", "/s" },
	"query %20": func(v string) (string, string) {
		return "GET /s?a=1&t=" + strings.ReplaceAll(url.QueryEscape(v), "+", "%20") + "&z=2", "/s"
	},
	"path":      func(v string) (string, string) { return "GET /s/" + url.PathEscape(v) + "/view", "/s/{}/view" },
	"path end":  func(v string) (string, string) { return "DELETE /s/" + url.PathEscape(v), "/s/{}" },
	"path part": func(v string) (string, string) { return "GET /s/order-" + url.PathEscape(v) + ".pdf", "/s/{}" },
	"matrix":    func(v string) (string, string) { return "GET /s/list;sid=" + url.PathEscape(v) + "?p=1", "/s/{}" },
	"odata":     func(v string) (string, string) { return "GET /s/Items('" + url.PathEscape(v) + "')", "/s/{}" },
	"form": func(v string) (string, string) {
		return "POST /s" + asForm + "a=1&tk=" + url.QueryEscape(v) + "&go=Save", "/s"
	},
	"json in form": func(v string) (string, string) {
		return "POST /s" + asForm + "a=1&req=" + url.QueryEscape(`{"x":{"tk":`+jsonText(v)+`}}`), "/s"
	},
	"multipart": func(v string) (string, string) {
		return "POST /s\nContent-Type: multipart/form-data; boundary=b0\n\n--b0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b0\r\nContent-Disposition: form-data; name=\"tk\"\r\n\r\n" + v + "\r\n--b0--\r\n", "/s"
	},
	"json": func(v string) (string, string) {
		return "POST /s" + asJSON + `{"a":{"tk":` + jsonText(v) + `},"b":1}`, "/s"
	},
	"json list": func(v string) (string, string) { return "POST /s" + asJSON + `{"ids":[` + jsonText(v) + `]}`, "/s" },
	"json key": func(v string) (string, string) {
		return "PUT /s" + asJSON + `{"set":{` + jsonText(v) + `:{"qty":1}}}`, "/s"
	},
	"json in json": func(v string) (string, string) {
		return "POST /s" + asJSON + `{"payload":` + jsonText(`{"tk":`+jsonText(v)+`}`) + `}`, "/s"
	},
	"form in json": func(v string) (string, string) {
		return "POST /s" + asJSON + `{"form":` + jsonText("a=1&tk="+url.QueryEscape(v)) + `}`, "/s"
	},
	"base64 in json": func(v string) (string, string) {
		return "POST /s" + asJSON + `{"raw":"` + b64(`{"tk":`+jsonText(v)+`}`) + `"}`, "/s"
	},
	"xml": func(v string) (string, string) {
		return "POST /s\nContent-Type: text/xml\n\n<e:E xmlns:e=\"u\"><e:B><tk>" + html.EscapeString(v) + "</tk></e:B></e:E>", "/s"
	},
	"xml attribute": func(v string) (string, string) {
		return "POST /s\nContent-Type: text/xml\n\n<q a=\"1\" id=\"" + html.EscapeString(v) + "\"/>", "/s"
	},
	"graphql": func(v string) (string, string) {
		return "POST /s" + asJSON + `{"operationName":"Go","query":"mutation Go($id: ID!) { go(id: $id) { ok } }","variables":{"id":` + jsonText(v) + `}}`, "/s"
	},
	"graphql inline": func(v string) (string, string) {
		return "POST /s" + asJSON + `{"query":` + jsonText(`mutation { go(id: `+jsonText(v)+`) { ok } }`) + `}`, "/s"
	},
	"packet": func(v string) (string, string) {
		return "POST /s" + asText + "42/chat,[\"say\",{\"room\":" + jsonText(v) + "}]", "/s"
	},
	"rpc": func(v string) (string, string) {
		return "POST /s" + asJSON + `{"jsonrpc":"2.0","method":"go","params":[` + jsonText(v) + `,true],"id":7}`, "/s"
	},
	"header":        func(v string) (string, string) { return "GET /s\nX-Tk: " + url.PathEscape(v), "/s" },
	"bearer":        func(v string) (string, string) { return "GET /s\nAuthorization: Bearer " + url.PathEscape(v), "/s" },
	"header base64": func(v string) (string, string) { return "GET /s\nX-Ctx: " + b64(`{"tk":`+jsonText(v)+`}`), "/s" },
	"script cookie": func(v string) (string, string) { return "GET /s\nCookie: jsck=" + url.QueryEscape(v), "/s" },
	"base64 query":  func(v string) (string, string) { return "GET /s?st=" + b64u(`{"tk":`+jsonText(v)+`,"v":2}`), "/s" },
	"plain base64":  func(v string) (string, string) { return "GET /s?st=" + url.QueryEscape(b64(v)), "/s" },
	"hex query":     func(v string) (string, string) { return "GET /s?h=" + hex.EncodeToString([]byte(v)), "/s" },
	"json query": func(v string) (string, string) {
		return "GET /s?filter=" + url.QueryEscape(`{"where":{"id":`+jsonText(v)+`}}`), "/s"
	},
	"url in query": func(v string) (string, string) {
		return "GET /s?back=" + url.QueryEscape("/x?id="+url.QueryEscape(v)+"&m=1"), "/s"
	},
	"list in query": func(v string) (string, string) { return "GET /s?ids=17," + url.QueryEscape(v) + ",18", "/s" },
	"expression": func(v string) (string, string) {
		return "GET /s?q=" + url.QueryEscape("owner eq '"+strings.ReplaceAll(v, "'", "")+"' and open"), "/s"
	},
	"pipes": func(v string) (string, string) { return "POST /s" + asText + "7|go|" + v + "|0|", "/s" },
	"lines": func(v string) (string, string) { return "POST /s" + asText + "line1\r\n" + v + "\r\nend", "/s" },
	"ndjson": func(v string) (string, string) {
		return "POST /s\nContent-Type: application/x-ndjson\n\n{\"index\":{\"_id\":" + jsonText(v) + "}}\n{\"f\":1}\n", "/s"
	},
	"if-match plain": func(v string) (string, string) {
		return "PUT /s\nIf-Match: \"" + strings.ReplaceAll(v, "é", "e") + "\"" + asJSON + `{"a":1}`, "/s"
	},
	"if-match whole": func(v string) (string, string) {
		return "PUT /s\nIf-Match: " + strings.ReplaceAll(v, "é", "e") + asJSON + `{"a":1}`, "/s"
	},
}

const asText = "\nContent-Type: text/plain\n\n"

var gridValues = map[string]func(r *rand.Rand) string{
	"hex": func(r *rand.Rand) string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) },
	"uuid": func(r *rand.Rand) string {
		a, b := r.Uint64(), r.Uint64()
		return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a&0xffff, a>>16&0xfff, b>>48&0xfff, b&0xffffffffffff)
	},
	"number": func(r *rand.Rand) string { return fmt.Sprint(1000000 + r.IntN(8999999)) },
	"serial": func(r *rand.Rand) string { return fmt.Sprint(1000 + r.IntN(900)) },
	"base64": func(r *rand.Rand) string {
		var b [19]byte
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return base64.StdEncoding.EncodeToString(b[:])
	},
	"slug": func(r *rand.Rand) string {
		s := ""
		for i := range 9 {
			if i > 0 && i%3 == 0 {
				s += "-"
			}
			s += string("bcdfglmnprst"[r.IntN(12)]) + string("aeiou"[r.IntN(5)])
		}
		return s
	},
	"code": func(r *rand.Rand) string {
		s := ""
		for range 6 {
			s += string("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[r.IntN(32)])
		}
		return s
	},
}

// gridCell records n sessions in which a value of a kind goes from a source to a sink, and
// returns "" if every request takes it from there, or else what was found out.
func gridCell(source, sink, kind string, n int) string {
	rnd := rand.New(rand.NewPCG(7, uint64(len(source)*100+len(sink))))
	var sessions [][]Exchange
	for i := range n {
		p := newTape(i)
		v := gridValues[kind](rnd)
		p.do("GET /start", "200"+asJSON+`{"ok":1}`)
		p.do("GET /src", gridSources[source](v))
		request, path := gridSinks[sink](v)
		p.do(request, "200"+asJSON+`{"done":true}`)
		e := &p.exchanges[2]
		e.Path, e.Endpoint = path, e.Flow.Request.Method+" "+path
		sessions = append(sessions, p.exchanges)
	}
	r := Learn(sessions, Options{})
	kinds := map[model.ValueKind]int{}
	for _, v := range r.Endpoints[sessions[0][2].Endpoint].Variants {
		for _, x := range v.Values {
			kinds[x.Kind]++
		}
	}
	took := 0
	for i := range sessions {
		if slices.ContainsFunc(r.Acts[i][2].Takes, func(t model.Take) bool { return t.Act == 1 }) {
			took++
		}
	}
	if took == n && kinds[model.Row] == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d requests take it, holes %v, unresolved %+v", took, n, kinds, r.Unresolved)
}

// gridLimits are the cells that are not explained: keys of JSON that look like names of
// members, and numbers that are too short to tell that they are encoded.
func gridLimits(source, sink, kind string) bool {
	switch {
	case sink == "json key":
		return kind == "base64" || kind == "code" || kind == "slug"
	case kind == "serial":
		return sink == "hex query" || sink == "plain base64" || source == "etag" || source == "json base64" || source == "hex in json"
	}
	return false
}

// A value is found wherever an answer holds it and wherever a request carries it, whatever
// it looks like.
func TestAValueIsFoundFromEachPlaceToEach(t *testing.T) {
	check := func(source, sink string) {
		for kind := range gridValues {
			if got := gridCell(source, sink, kind, 8); (got == "") == gridLimits(source, sink, kind) {
				t.Errorf("%s, from %s to %s: %s", kind, source, sink, got)
			}
		}
	}
	for source := range gridSources {
		check(source, "json")
	}
	for sink := range gridSinks {
		check("json", sink)
	}
	sources, sinks := slices.Sorted(maps.Keys(gridSources)), slices.Sorted(maps.Keys(gridSinks))
	for i, source := range sources {
		for _, sink := range []string{sinks[i%len(sinks)], sinks[(i*7+3)%len(sinks)]} {
			check(source, sink)
		}
	}
}
