package ui_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/starling-load/starling/ui"
)

// The handler of `starling ui DIR`: finished runs, and no live one.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "runs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	h, err := ui.New(ui.Options{Dir: dir, Version: "1.0.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:7070/api/status", nil)
	h.ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output: {"live":false,"runs":true,"version":"1.0.0"}
}
