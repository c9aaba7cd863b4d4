package ui

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed all:web/dist
var dist embed.FS

// embedded returns the built app, or an empty folder when it was not built.
func embedded() fs.FS {
	sub, err := fs.Sub(dist, "web/dist")
	if err != nil {
		panic(err) // the path is constant and valid
	}
	return sub
}

// app serves the built web app, or a page that says how to build it.
func (s *server) app() http.Handler {
	if _, err := fs.Stat(s.assets, "index.html"); err != nil {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			page(w, http.StatusOK, "The web UI is not built",
				"This Starling was compiled without its web UI. Run “make ui” in its source folder, compile again, and start it again. The API under /api works.")
		})
	}
	files := http.FileServerFS(s.assets)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			page(w, http.StatusMethodNotAllowed, "Not allowed", "Pages can only be read.")
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if info, err := fs.Stat(s.assets, name); name != "" && (err != nil || info.IsDir()) {
			page(w, http.StatusNotFound, "There is no such page", "Go to the start page of this address.")
			return
		}
		if strings.HasPrefix(name, "assets/") {
			// The name of an asset holds a hash of its content.
			w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
		}
		files.ServeHTTP(w, r)
	})
}

// plainPage is for what must be said without the app.
var plainPage = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}} · Starling</title>
</head>
<body>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
</body>
</html>
`))

func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// The only error here is a viewer that went away.
	_ = plainPage.Execute(w, struct{ Title, Text string }{title, text})
}
