package stats_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/replay/stats/runfile"
)

var update = flag.Bool("update", false, "write the golden page anew")

func TestTheReportReadsAsTheGoldenPage(t *testing.T) {
	run, err := runfile.Read("runfile/testdata/format2.run.zst")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := run.Text(&got); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.txt"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("golden (-) and report (+): %s", d)
	}
}
