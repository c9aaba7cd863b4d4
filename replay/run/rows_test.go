package run

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/starling-load/starling/model/content/form"
)

// The fields of a row have its number in their names. What no row has is left aside, as many
// applications do.
func TestAFieldOfARowIsThatOfTheSameThing(t *testing.T) {
	for field, row := range map[string]string{
		"qty":  `<tr><td>%[1]s<td><input type=hidden name="seen[%[2]d]" value="%[2]d-%[3]d"><input name="qty[%[2]d]" value=1>`,
		"pcs":  `<tr data-id=%[2]d><td>%[1]s`, // a script makes the name of the field
		"done": `<tr><td>%[1]s<td><input type=checkbox name="done_%[2]d" value=2>`,
	} {
		serve := func(w *world, rw http.ResponseWriter, r *http.Request) {
			if r.Method == "POST" {
				_ = r.ParseForm()
				for name, values := range r.PostForm {
					m := regexp.MustCompile(`^([a-z]+)[[_](\d+)\]?$`).FindStringSubmatch(name)
					switch {
					case m == nil:
					case w.title(m[2]) == "" || m[1] == "seen" && values[0] != fmt.Sprintf("%s-%d", m[2], w.step):
						w.wrong = append(w.wrong, name+" "+values[0])
					case m[1] == field && values[0] != "1":
						w.did("%s of %s: %s", field, w.title(m[2]), values[0])
					}
				}
				http.Redirect(rw, r, "/cart", http.StatusFound)
				return
			}
			rw.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(rw, `<form method=post action=/cart><input type=hidden name=csrf value=%s><table>`, w.issue(w.session(rw, r)))
			for i, t := range w.titles {
				_, _ = fmt.Fprintf(rw, row, t, w.id(i), w.step)
			}
			_, _ = fmt.Fprint(rw, `</table></form>`)
		}
		t.Run(field, func(t *testing.T) {
			replayed(t, serve, func(g *guest, i int) {
				page := g.do("GET", "/cart", "", "")
				for k := range 2 {
					if field == "pcs" {
						g.do("POST", "/cart", ofForm, url.Values{"pcs[" + ahead(page, "<td>"+things[(i+2*k)%5], `data-id=(\d+)`) + "]": {fmt.Sprint(2 + (i+k)%4)}}.Encode())
						continue
					}
					change := form.Entry{Name: after(page, "<td>"+things[(i+2*k)%5], `name="?(`+field+`[^ "]+)`), Value: fmt.Sprint(2 + (i+k)%4)}
					if field == "done" {
						change = form.Entry{Name: form.With + change.Name, Value: "2"}
					}
					page = g.submit(0, change)
				}
			})
		})
	}
}

// A row is known by its number alone, in the name of its button. A script sends that name as a
// field, and in another.
func TestAButtonIsThatOfTheRowOfTheSameThing(t *testing.T) {
	serve := func(w *world, rw http.ResponseWriter, r *http.Request) {
		w.session(rw, r)
		rw.Header().Set("Content-Type", "text/html")
		if r.Method == "POST" {
			m := regexp.MustCompile(`^list:rows:(\d):b4$`).FindStringSubmatch(r.FormValue("source"))
			if m == nil || r.FormValue(m[0]) != m[0] {
				w.refuse(rw, "%v", r.PostForm)
				return
			}
			w.did("%s", w.titles[m[1][0]-'0'])
			rw.Header().Set("Content-Type", "text/xml")
			_, _ = fmt.Fprint(rw, `<changes><update id="panel">open</update></changes>`)
			return
		}
		_, _ = fmt.Fprint(rw, `<form method=post action=/list><input type=hidden name=list value=list><table>`)
		for i, t := range w.titles {
			_, _ = fmt.Fprintf(rw, `<tr><td>%s<td><button id="list:rows:%[2]d:b4" name="list:rows:%[2]d:b4" onclick="send({s:'list:rows:%[2]d:b4'})">Open</button>`, t, i)
		}
	}
	replayed(t, serve, func(g *guest, i int) {
		page := g.do("GET", "/list", "", "")
		for k := range 2 {
			name := after(page, "<td>"+things[(i+2*k)%5], `name="([^"]+)"`)
			g.do("POST", "/list", ofForm, url.Values{"list": {"list"}, "partial": {"true"}, "execute": {"@all"}, "render": {"panel"}, "source": {name}, name: {name}}.Encode())
		}
	})
}
