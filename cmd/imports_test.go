package cmd

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// importOrder says which of our packages each folder may import. Data flows
// from left to right, from recordings to verdicts; imports never run backwards.
// A name stands for the folder alone, not for those below it.
var importOrder = map[string][]string{
	"record/flow":                {},
	"record/flow/flowtest":       {"record/flow"},
	"record/flowfile":            {"record/flow"},
	"record/filter":              {"record/flow"},
	"record/spool":               {},
	"record/program":             {"record/flow"},
	"record/redact":              {"record/flow"},
	"record/envelope":            {},
	"record/body":                {"record/flow", "record/spool"},
	"record/http1":               {},
	"record/message":             {"record/flow"},
	"record":                     {"record/flow", "record/flowfile", "record/redact"},
	"record/proxy/authority":     {},
	"record/proxy/balancer":      {},
	"record/proxy":               {"record/flow", "record/spool", "record/body", "record/http1", "record/message", "record/proxy/authority", "record/proxy/balancer"},
	"record/convert":             {"record/flow"},
	"record/convert/compose":     {"record/flow", "record/convert"},
	"record/convert/wire":        {"record/flow", "record/http1", "record/convert/compose"},
	"record/convert/loose":       {"record/flow", "record/convert"},
	"record/convert/accesslog":   {"record/flow", "record/http1", "record/convert", "record/convert/compose", "record/convert/loose", "record/convert/wire"},
	"record/convert/curl":        {"record/flow", "record/http1", "record/convert", "record/convert/compose", "record/convert/loose", "record/convert/wire"},
	"record/convert/gor":         {"record/flow", "record/http1", "record/convert", "record/convert/compose", "record/convert/wire"},
	"record/convert/har":         {"record/flow", "record/http1", "record/convert", "record/convert/compose", "record/convert/loose", "record/convert/wire"},
	"record/convert/mitm":        {"record/flow", "record/http1", "record/convert", "record/convert/loose", "record/convert/wire"},
	"record/convert/netlog":      {"record/flow", "record/http1", "record/message", "record/convert", "record/convert/compose", "record/convert/loose", "record/convert/wire"},
	"record/convert/postman":     {"record/flow", "record/http1", "record/convert", "record/convert/compose", "record/convert/loose", "record/convert/wire"},
	"record/convert/text":        {"record/flow", "record/convert"},
	"record/convert/converttest": nil, // all

	"record/capture/packet":   {},
	"record/capture/tcp":      {"record/capture/packet"},
	"record/capture/decrypt":  {},
	"record/capture/exchange": {"record/flow", "record/body", "record/http1", "record/message", "record/capture/tcp", "record/capture/decrypt"},
	"record/capture": {"record/flow", "record/capture/packet", "record/capture/tcp", "record/capture/decrypt",
		"record/capture/exchange"},

	"model/dist":             {},
	"model/content/protobuf": {},
	"model/content/codec":    {"model/content/protobuf"},
	"model/content":          {"record/flow", "model/content/form", "model/content/codec", "model/content/protobuf"},
	"model/content/display":  {"record/flow", "model/content", "model/content/codec", "model/content/protobuf"},
	"model/content/prose":    {},
	"model/content/form":     {"model/content/prose", "model/content/lines"},
	"model/content/lines":    {},
	"model/content/patch":    {"model/content/prose", "model/content/lines"},
	"model/problem":          {},
	"model/made":             {},
	"model/formula":          {"model/content/patch"},
	"model/precedence":       {},
	"model":                  {"model/dist", "model/content", "model/content/codec", "model/made", "model/formula", "model/problem", "model/precedence", "record/flow"},
	"model/edit":             {"model", "model/dist", "model/problem"},
	"model/folder":           {"model", "model/edit", "model/problem"},
	"model/show":             {"model", "model/problem"},
	"model/diff":             {"model"},
	"model/fidelity":         {"model/dist", "model/fidelity/distance", "model/fidelity/classify", "model/fidelity/series"},
	"model/session":          {"record/flow", "model/content", "model/session/identity", "model/session/idle", "model/session/origin", "model/session/spill", "model/session/trail", "model/session/course", "model/endpoint/operation"},
	"model/endpoint":         {"record/flow", "model/content", "model/session", "model/endpoint/route", "model/endpoint/operation"},
	"model/correlate":        {"record/flow", "model", "model/content", "model/content/form", "model/content/patch", "model/content/lines", "model/content/codec", "model/made", "model/formula", "model/session", "model/endpoint"},

	"model/fidelity/distance": {},
	"model/fidelity/classify": {},
	"model/fidelity/series":   {},
	"model/fidelity/page":     {"model/fidelity"},
	"model/fidelity/traffic":  {"record/flow", "model/session", "model/endpoint", "model/fidelity"},

	"model/endpoint/route":     {"model/content"},
	"model/endpoint/operation": {"record/flow", "model/content"},

	"model/session/identity": {"record/flow", "model/content"},
	"model/session/course":   {"model/session/identity"},
	"model/session/idle":     {},
	"model/session/origin":   {"record/flow"},
	"model/session/spill":    {},
	"model/session/trail":    {"model/session/identity"},

	"model/mixture": {},

	"model/echo":    {"record/flow", "model", "model/content"},
	"model/outcome": {"record/flow", "model", "model/content", "model/content/form"},
	"model/way":     {"record/flow", "model", "model/content", "model/session/identity"},
	"model/learn": {"record/flow", "model/mixture", "model/way", "model/outcome", "model/echo", "model", "model/dist", "model/content", "model/session", "model/endpoint",
		"model/correlate", "model/precedence"},
	"replay/load":          {},
	"replay/faithful":      {},
	"replay/retry":         {"record/flow"},
	"replay/stats":         {"replay/faithful"},
	"replay/stats/runfile": {"replay/stats"},
	"replay/client":        {"record/flow", "record/http1", "record/message"},
	"replay/cookie":        {"record/flow"},
	"replay":               {"record/flow", "record/message", "model/dist", "model/content", "replay/load", "replay/client", "replay/cookie", "replay/faithful", "replay/stats"},
	"replay/replaytest":    {"replay", "replay/stats"},
	"replay/verbatim": {"replay/retry", "record/flow", "record/message", "model", "model/content", "model/precedence", "replay", "replay/client", "replay/cookie",
		"replay/stats"},
	"replay/modelled": {"replay/retry", "record/flow", "model", "model/dist", "model/echo", "model/content", "model/content/form", "model/content/patch", "model/content/lines", "model/content/codec", "model/made", "model/formula", "replay", "replay/client", "replay/cookie", "replay/faithful"},
	"replay/report":   {"replay/faithful", "replay/stats"},
	"replay/rehearse": {"record/flow", "model", "model/content", "model/content/form", "replay", "replay/dryrun", "replay/faithful", "replay/modelled"},
	"replay/likeness": {"record/flow", "record/flowfile", "model", "model/dist", "model/fidelity", "model/fidelity/traffic", "model/learn", "model/session", "replay", "replay/dryrun",
		"replay/modelled"},
	"replay/dryrun":  {"record/flow", "model/content", "replay", "replay/load"},
	"replay/trial":   {"record/flow", "model", "model/content", "replay", "replay/modelled", "replay/client"},
	"replay/compare": {"replay/stats"},
	"replay/cluster": {"model", "replay", "replay/load", "replay/stats"},
	"replay/run": {"record/flow", "record/flowfile", "model", "model/content", "model/folder", "model/session", "replay", "replay/modelled", "replay/verbatim", "replay/load", "replay/client", "replay/faithful", "replay/stats",
		"replay/stats/runfile", "replay/compare", "replay/trial", "replay/cluster"},
	"ui":               {"record/flow", "model", "replay/stats", "replay/stats/runfile", "replay/compare"},
	"fixtures/shop":    {},
	"fixtures/cases":   {},
	"fixtures/crowd":   {},
	"fixtures/apps":    {},
	"fixtures/planted": {},
	"fixtures/throng":  {"record/flow"},
	"cmd":              nil, // all
	"cmd/starling":     {"cmd"},
}

// foreign says which of our folders import each foreign module. One library
// has one importing folder; zstd, which three file formats and one content
// coding share, has four.
var foreign = map[string][]string{
	"github.com/HdrHistogram/hdrhistogram-go": {"replay/stats"},
	"github.com/andybalholm/brotli":           {"model/content/codec"},
	"filippo.io/age":                          {"record/envelope"},
	"github.com/cespare/xxhash/v2":            {"record/flow", "record/flowfile", "record/body"},
	"github.com/dustin/go-humanize":           {"cmd", "replay/faithful", "replay/run", "replay/stats"},
	"github.com/elazarl/goproxy":              {"record/proxy"},
	"github.com/gobwas/ws":                    {"record/message", "fixtures/shop", "fixtures/crowd"},
	"github.com/google/go-cmp":                {"record/flow/flowtest"},
	"github.com/google/gopacket":              {"record/capture/packet"},
	"github.com/klauspost/compress":           {"record/flowfile", "replay/stats/runfile", "model/content/codec"},
	"github.com/knadh/koanf":                  {"cmd"},
	"github.com/nats-io":                      {"replay/cluster"},
	"github.com/spf13":                        {"cmd"},
	"github.com/tidwall/gjson":                {"model/content"},
	"github.com/ulikunitz/xz":                 {"record/capture/packet"},
	"github.com/vbauerster/mpb/v8":            {"cmd"},
	"go.yaml.in/yaml/v3":                      {"model/folder"},
	"golang.org/x/crypto":                     {"record/capture/decrypt"},
	"golang.org/x/net/bpf":                    {"record/capture/packet"},
	"golang.org/x/net/html":                   {"model/content", "fixtures/apps", "fixtures/crowd"},
	"golang.org/x/net/http/httpguts":          {"cmd"},
	"golang.org/x/net/http2/hpack":            {"record/capture/exchange"},
	"golang.org/x/net/publicsuffix":           {"replay/cookie"},
	"golang.org/x/net/proxy":                  {"record/proxy", "replay/client"},
	"golang.org/x/text/encoding/unicode":      {"record/convert"},
	"golang.org/x/sys":                        {"record", "record/flowfile", "record/capture/packet"},
	"golang.org/x/term":                       {"cmd"},
	"gonum.org/v1/gonum":                      {"replay/compare"},
	"modernc.org/sqlite":                      {"fixtures/shop", "fixtures/apps"},
	"pgregory.net/rapid":                      {"record/flow/flowtest", "record/convert/converttest"},
	"mvdan.cc/sh/v3":                          {"record/convert/curl"},
}

func TestImportsNeverRunBackwards(t *testing.T) {
	for _, p := range ourPackages(t) {
		folder := p.folder()
		allowed, known := importOrder[folder]
		if !known {
			t.Errorf("folder %s has no place in the import order", folder)
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok {
				if allowed != nil && !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s, which runs against the flow of data", folder, ours)
				}
			} else {
				checkForeign(t, folder, imported)
			}
		}
		if sourceOf(t, &p).doc() == "" {
			t.Errorf("package %s has no comment", folder)
		}
	}
}

func checkForeign(t *testing.T, folder, imported string) {
	t.Helper()
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return
	}
	for library, folders := range foreign {
		if imported == library || strings.HasPrefix(imported, library+"/") {
			if !slices.Contains(folders, folder) {
				t.Errorf("%s imports %s, which belongs to %v", folder, imported, folders)
			}
			return
		}
	}
	t.Errorf("%s imports %s, which no folder owns", folder, imported)
}

// TestImportsOfSQLiteHaveItsOwnLibc checks that modernc.org/libc, which is
// generated for one version of modernc.org/sqlite, is the one that it asks for.
func TestImportsOfSQLiteHaveItsOwnLibc(t *testing.T) {
	list := func(args ...string) string {
		out, err := exec.Command("go", append([]string{"list", "-m", "-f"}, args...)...).Output()
		if err != nil {
			t.Fatalf("go list -m %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	asked, err := os.ReadFile(list("{{.GoMod}}", "modernc.org/sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	if libc := list("{{.Path}} {{.Version}}", "modernc.org/libc"); !strings.Contains(string(asked), libc+"\n") {
		t.Errorf("go.mod has %s, but modernc.org/sqlite is made for another version", libc)
	}
}
