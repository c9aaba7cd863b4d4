package packet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// dataFolder is the folder of captures made by others, beside the repository.
func dataFolder(t *testing.T) string {
	t.Helper()
	for dir, err := os.Getwd(); err == nil && dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
			continue
		}
		data := filepath.Join(dir, "..", "shared", "data")
		if _, err := os.Stat(data); err != nil {
			t.Skipf("the captures of others are not here: %v", err)
		}
		return data
	}
	t.Fatal("no go.mod above the test")
	return ""
}

// readAll reads a source to its end and returns copies of its segments.
func readAll(t *testing.T, src Source) (segments []Segment, damage []error) {
	t.Helper()
	for {
		var s Segment
		err := src.Next(&s)
		var d *DamageError
		switch {
		case err == nil:
			s.Payload = bytes.Clone(s.Payload)
			segments = append(segments, s)
		case err == io.EOF:
			return segments, damage
		case errors.As(err, &d):
			damage = append(damage, err)
		default:
			t.Fatalf("Next = %v, want a segment, a *DamageError or io.EOF", err)
		}
	}
}

func TestCapturesOfOthersAreReadToTheirEnd(t *testing.T) {
	data := dataFolder(t)
	readme, err := os.Open(filepath.Join(data, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer readme.Close()
	row := regexp.MustCompile(`^\| (\w+/\S+\.pcap\S*) \|[^|]*\|[^|]*\| (\d+) \| (\d+) \|`)
	files := 0
	for lines := bufio.NewScanner(readme); lines.Scan(); {
		m := row.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		files++
		t.Run(m[1], func(t *testing.T) {
			f, err := os.Open(filepath.Join(data, m[1]))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var secrets []byte
			src, err := Read(f, ReadOptions{Secrets: func(p []byte) { secrets = append(secrets, p...) }})
			if err != nil {
				t.Fatal(err)
			}
			segments, damage := readAll(t, src)
			if len(damage) > 0 {
				t.Errorf("damage %v, want none", damage)
			}
			n := src.Counts()
			if want, _ := strconv.Atoi(m[2]); n.Packets != uint64(want) {
				t.Errorf("%d packets, tshark counts %d", n.Packets, want)
			}
			if want, _ := strconv.Atoi(m[3]); connections(segments) != want {
				t.Errorf("%d address pairs, tshark counts %d streams (%+v)", connections(segments), want, n)
			}
			if filepath.Base(m[1]) == "tls12-dsb.pcapng" && !bytes.Contains(secrets, []byte("CLIENT_RANDOM ")) {
				t.Errorf("the secrets inside were not handed out: %q", secrets)
			}
			for i := 1; i < len(segments); i++ {
				if segments[i].Time == 0 {
					t.Fatalf("segment %d has no time", i)
				}
			}
			t.Logf("%+v", n)
		})
	}
	if files < 50 {
		t.Errorf("%d files in the README's table, want more than 50", files)
	}
}

// connections counts the different address pairs.
func connections(segments []Segment) int {
	seen := map[string]bool{}
	for _, s := range segments {
		a, b := s.Src, s.Dst
		if a.Compare(b) > 0 {
			a, b = b, a
		}
		seen[fmt.Sprint(a, b, s.Net)] = true
	}
	return len(seen)
}
