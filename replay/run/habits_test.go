package run

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Pages are rendered by the server and changed by scripts that nobody wrote for them: what to
// send stands in attributes, in heads, in code.

// The state of a part of a page goes to and fro, sealed.
func TestTheStateOfAPageIsTheLiveOne(t *testing.T) {
	type state struct {
		Editing  any    `json:"editing"`
		Title    string `json:"title"`
		Padding  string `json:"padding,omitempty"`
		ID       string `json:"id"`
		Checksum string `json:"checksum,omitempty"`
	}
	for name, padding := range map[string]string{"short": "", "long": strings.Repeat(`lorem "ipsum" `, 800)} {
		show := func(w *world, s state) (snapshot, page string) {
			s.Checksum = ""
			b, _ := json.Marshal(s)
			s.Checksum = w.hash(string(b))
			b, _ = json.Marshal(s)
			page = fmt.Sprintf(`<div x:snapshot="%s" x:id=%s><ul>`, html.EscapeString(string(b)), s.ID)
			for i, t := range w.titles {
				page += fmt.Sprintf(`<li x:key="task-%d"><span>%s</span> <button x:click="edit(%[1]d)">Edit</button>`, w.id(i), t)
			}
			return string(b), page + "</ul></div>"
		}
		serve := func(w *world, rw http.ResponseWriter, r *http.Request) {
			sid := w.session(rw, r)
			if r.Method == "GET" {
				_, page := show(w, state{Padding: padding, ID: w.issue("part")[:20]})
				rw.Header().Set("Content-Type", "text/html")
				_, _ = fmt.Fprintf(rw, `<html><body>%s<script src=/x.js data-csrf=%s data-update=/update></script>`, page, w.issue("csrf "+sid))
				return
			}
			var sent struct {
				Token    string
				Snapshot string
				Title    string
				Method   string
				Params   []int
			}
			var s state
			_ = json.NewDecoder(r.Body).Decode(&sent)
			_ = json.Unmarshal([]byte(sent.Snapshot), &s)
			if sealed, _ := show(w, s); sealed != sent.Snapshot || w.tokens[sent.Token] != "csrf "+sid {
				w.refuse(rw, "%.400v", sent)
				return
			}
			if s.Title = sent.Title; sent.Method == "edit" {
				s.Editing = sent.Params[0]
			} else {
				w.did("%s: %s", w.title(s.Editing), s.Title)
				s.Editing = nil
			}
			var out struct{ Snapshot, HTML string }
			out.Snapshot, out.HTML = show(w, s)
			rw.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(rw).Encode(out)
		}
		t.Run(name, func(t *testing.T) {
			replayed(t, serve, func(g *guest, i int) {
				page := g.do("GET", "/tasks", "", "")
				token, snapshot := after(page, "", `data-csrf=(\w+)`), html.UnescapeString(after(page, "", `x:snapshot="([^"]+)"`))
				call := func(title, method, id string) {
					body, _ := json.Marshal(map[string]any{"token": token, "snapshot": snapshot, "title": title, "method": method, "params": json.RawMessage("[" + id + "]")})
					var out struct{ Snapshot, HTML string }
					_ = json.Unmarshal([]byte(g.do("POST", "/update", "application/json", string(body))), &out)
					snapshot, page = out.Snapshot, out.HTML
				}
				for k := range 2 {
					call("", "edit", after(page, "<span>"+things[(i+2*k)%5], `edit\((\d+)\)`))
					call(fmt.Sprintf("%s %c%d", []string{"Call about", "Ask for", "Pay"}[i%3], 'A'+i, k), "save", "")
				}
			})
		})
	}
}

// A fragment of a page comes from an address in an attribute; its request names the element that
// it will replace.
func TestAFragmentIsOfTheElementThatWasClicked(t *testing.T) {
	row := `<tr id="row-%[1]d"><td>%[2]s<td><button x-get="/contacts/%[1]d/edit">Edit</button> <button id="del%[1]d" x-delete="/contacts/%[1]d">Delete</button> <button x-post="/star" x-vals='{"id": %[1]d, "kind":"gold"}' x-target="#row-%[1]d">Star</button>`
	serve := func(w *world, rw http.ResponseWriter, r *http.Request) {
		sid := w.session(rw, r)
		id := regexp.MustCompile(`\d+`).FindString(r.URL.Path + r.FormValue("id"))
		t, head := w.title(id), r.Header.Get
		rw.Header().Set("Content-Type", "text/html")
		switch {
		case r.URL.Path == "/contacts":
			_, _ = fmt.Fprintf(rw, `<html><body x-headers='{"X-CSRF-Token":"%s"}'><table>`, w.issue("csrf "+sid))
			for i, t := range w.titles {
				_, _ = fmt.Fprintf(rw, row, w.id(i), t)
			}
		case w.tokens[head("X-CSRF-Token")] != "csrf "+sid:
			w.refuse(rw, "token %s", head("X-CSRF-Token"))
		case r.URL.Path == "/undo" && strings.HasPrefix(w.tokens[r.FormValue("undo")], "undo"):
			w.did("%s", w.tokens[r.FormValue("undo")])
		case t == "" || r.Method != "GET" && head("Of-Target") != "row-"+id:
			w.refuse(rw, "%s %s with %s", r.Method, r.URL, head("Of-Target"))
		case r.Method == "GET":
			_, _ = fmt.Fprintf(rw, `<tr><td><form x-put="/contacts/%[1]s" x-target="#row-%[1]s"><input name=name value="%[2]s"><input name=mail value="a@%[1]s.test"></form>`, id, t)
		case r.Method == "PUT" && r.FormValue("mail") == "a@"+id+".test":
			w.did("name %s: %s", t, r.FormValue("name"))
			_, _ = fmt.Fprintf(rw, `<tr><td>%s<td><button x-post="/undo" x-vals='{"undo":"%s"}'>Undo</button>`, t, w.issue("undo "+t))
		case r.Method == "DELETE" && head("Of-Trigger") == "del"+id:
			w.did("delete %s", t)
		case r.URL.Path == "/star":
			w.did("star %s %s", t, r.FormValue("kind"))
		default:
			w.refuse(rw, "%s %s with %s", r.Method, r.URL, head("Of-Trigger"))
		}
	}
	replayed(t, serve, func(g *guest, i int) {
		page := g.do("GET", "/contacts", "", "")
		ask := func(method, target, body, element, trigger string) string {
			g.page = "/contacts"
			g.extra = http.Header{"X-Csrf-Token": {after(page, "", `X-CSRF-Token":"(\w+)"`)}, "Of-Target": {element}, "Of-Trigger": {trigger}}
			return g.do(method, target, map[bool]string{true: ofForm}[body != ""], body)
		}
		for k := range 2 {
			title, other := "<td>"+things[(i+2*k)%5], "<td>"+things[(i+k+1)%5]
			form := ask("GET", after(page, title, `x-get="([^"]+)"`), "", "", "")
			v := url.Values{"name": {fmt.Sprintf("Name %d%c", k, 'A'+i)}, "mail": {after(form, "mail", `value="([^"]+)"`)}}
			got := ask("PUT", after(form, "", `x-put="([^"]+)"`), v.Encode(), after(form, "", `x-target="#([^"]+)"`), "")
			if i%3 == 0 {
				ask("POST", "/undo", "undo="+after(got, "", `"undo":"(\w+)"`), "", "")
			}
			if i%2 == 0 {
				ask("DELETE", after(page, other, `x-delete="([^"]+)"`), "", ahead(page, other, `id="(row-\d+)"`), after(page, other, `id="(del\d+)"`))
			}
			ask("POST", "/star", "id="+after(page, other, `"id": (\d+)`)+"&kind=gold", after(page, other, `"#(row-\d+)"`), "")
		}
	})
}

// A script knows its calls by names that each release draws anew, and sends them to the address
// of the page.
func TestACallOfAScriptIsThatOfTheLiveRelease(t *testing.T) {
	serve := func(w *world, rw http.ResponseWriter, r *http.Request) {
		w.session(rw, r)
		action := func(name string) string { return w.hash(name)[:42] }
		chunk := "/static/page-" + w.hash("chunk")[:16] + ".js"
		switch {
		case r.Method == "GET" && r.URL.Path == "/items":
			rw.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(rw, `<html><script src="%s"></script><ul>`, chunk)
			for i, t := range w.titles {
				_, _ = fmt.Fprintf(rw, `<li>%s<form method=post><input type=hidden name=id value="%d"><input name=note></form>`, t, w.id(i))
			}
		case r.URL.Path == chunk:
			rw.Header().Set("Content-Type", "application/javascript")
			_, _ = fmt.Fprintf(rw, `(e,t,r)=>{let n=(0,s.reference)("%s",s.call,void 0,"note"),o=(0,s.reference)("%s",s.call,void 0,"archive")}`, action("note"), action("archive"))
		default:
			var sent []string
			_ = json.NewDecoder(r.Body).Decode(&sent)
			name := map[string]string{action("note"): "note", action("archive"): "archive"}[r.Header.Get("X-Action")]
			if len(sent) == 0 || w.title(sent[0]) == "" || name == "" {
				w.refuse(rw, "%s of %q", r.Header.Get("X-Action"), sent)
				return
			}
			w.did("%s %s", name, w.title(sent[0]))
			rw.Header().Set("Content-Type", "text/x-component")
			_, _ = fmt.Fprint(rw, `1:{"ok":true}`)
		}
	}
	replayed(t, serve, func(g *guest, i int) {
		page := g.do("GET", "/items", "", "")
		script := g.do("GET", after(page, "", `src="([^"]+)"`), "", "")
		for k := range 3 {
			g.extra = http.Header{"X-Action": {ahead(script, `"`+[]string{"note", "archive"}[(i+k)%2]+`"`, `reference\)\("(\w+)"`)}}
			g.do("POST", "/items", "text/plain;charset=UTF-8", `["`+after(page, "<li>"+things[(i+2*k)%5], `value="(\d+)"`)+`"]`)
		}
	})
}

// A list is looked for by what is typed of a name. One of its elements is sent by its number and
// its name.
func TestASuggestionIsSentAsTheLiveListHasIt(t *testing.T) {
	serve := func(w *world, rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/new":
			rw.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(rw, `<form method=post action=/save><input type=hidden name=customer_id value=""><input name=customer><input name=note></form>`)
		case r.URL.Path == "/search":
			list := []any{}
			for i, t := range w.titles {
				if strings.Contains(strings.ToLower(t), r.FormValue("term")) {
					list = append(list, map[string]any{"id": w.id(i), "label": t, "value": t})
				}
			}
			rw.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(rw).Encode(list)
		case w.title(r.FormValue("customer_id")) != r.FormValue("customer"):
			w.refuse(rw, "%v", r.PostForm)
		default:
			w.did("%s: %s", r.FormValue("customer"), r.FormValue("note"))
			http.Redirect(rw, r, "/new", http.StatusFound)
		}
	}
	replayed(t, serve, func(g *guest, i int) {
		g.do("GET", "/new", "", "")
		for k := range 2 {
			title, list := things[(i+2*k)%5], ""
			for n := 1; n < 3+i%3; n++ {
				list = g.do("GET", "/search?term="+url.QueryEscape(strings.ToLower(title[:n])), "", "")
			}
			g.do("POST", "/save", ofForm, url.Values{"customer_id": {ahead(list, title, `"id":(\d+)`)}, "customer": {title}, "note": {fmt.Sprintf("note %d of %c", k, 'A'+i)}}.Encode())
		}
	})
}

// Several elements of a list are sent at once, under a name that does not say so.
func TestSeveralElementsAreThoseThatWereMarked(t *testing.T) {
	for _, media := range []string{ofForm, ofJSON} {
		serve := func(w *world, rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", ofJSON)
			if r.Method == "GET" {
				list := []any{}
				for i, t := range w.titles {
					list = append(list, map[string]any{"id": w.id(i), "title": t})
				}
				_ = json.NewEncoder(rw).Encode(map[string]any{"cards": list})
				return
			}
			var sent struct{ Marked []json.Number }
			if media == ofJSON {
				_ = json.NewDecoder(r.Body).Decode(&sent)
			} else {
				_ = r.ParseForm()
				for _, id := range r.PostForm["marked[]"] {
					sent.Marked = append(sent.Marked, json.Number(id))
				}
			}
			what := ""
			for _, id := range sent.Marked {
				if w.title(id) == "" {
					w.refuse(rw, "%v", sent)
					return
				}
				what += ", " + w.title(id)
			}
			w.did("%s", what)
		}
		t.Run(media, func(t *testing.T) {
			replayed(t, serve, func(g *guest, i int) {
				page := g.do("GET", "/board", "", "")
				for k := range 2 {
					var list []string
					for n := range 2 + (i+k)%3 {
						list = append(list, ahead(page, things[(i+n)%5], `"id":(\d+)`))
					}
					if media == ofJSON {
						g.do("PUT", "/marks", media, `{"marked":[`+strings.Join(list, ",")+`]}`)
					} else {
						g.do("PUT", "/marks", media, url.Values{"marked[]": list}.Encode())
					}
				}
			})
		})
	}
}
