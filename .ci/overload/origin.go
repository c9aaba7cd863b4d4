// Command origin answers every request with 100 KB of text that no other answer
// has. Usage: origin ADDRESS
package main

import (
	"encoding/base64"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
)

func main() {
	raw := make([]byte, 48<<20)
	rand.NewChaCha8([32]byte{1}).Read(raw)
	text := []byte(base64.StdEncoding.EncodeToString(raw))
	for i := 60; i < len(text); i += 61 {
		text[i] = ' '
	}
	const n = 100 << 10
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		at := rand.IntN(len(text) - n)
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", strconv.Itoa(n))
		w.Write(text[at : at+n])
	})))
}
