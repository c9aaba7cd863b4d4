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
