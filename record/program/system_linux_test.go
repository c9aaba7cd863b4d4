package program

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// fake writes a folder as proc(5) has it: files with their text, and links.
func fake(t *testing.T, files, links map[string]string) string {
	t.Helper()
	root := t.TempDir()
	put := func(name string, write func(path string) error) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := write(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		put(name, func(path string) error { return os.WriteFile(path, []byte(text), 0o600) })
	}
	for name, to := range links {
		put(name, func(path string) error { return os.Symlink(to, path) })
	}
	return root
}

func TestProcessesAreToldApartByWhenTheyBegan(t *testing.T) {
	stat := func(start int) string {
		return fmt.Sprintf("12 (a) R) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %d 20", start)
	}
	root := fake(t, map[string]string{"12/stat": stat(900), "44/stat": stat(950), "45/stat": "cut", "self/x": ""}, map[string]string{
		"12/fd/3": "socket:[71]", "12/fd/4": "socket:[74]", "44/fd/5": "socket:[73]", "44/fd/6": "pipe:[75]", "45/fd/1": "socket:[76]",
	})
	s := &system{root: root, numbers: map[identity]uint64{}}
	find := func(inodes ...uint64) (got []uint64) {
		sockets, asked := map[uint64]*query{}, []*query{}
		for _, n := range inodes {
			q := &query{}
			sockets[n], asked = q, append(asked, q)
		}
		s.search(s.recent, sockets)
		s.search(s.processes(), sockets)
		for _, q := range asked {
			got = append(got, q.number)
		}
		return got
	}
	got := fmt.Sprint(find(71), find(75), find(73), find(74, 73), find(76), find(99))
	if want := "[1] [0] [2] [1 2] [0] [0]"; got != want {
		t.Errorf("processes %s, want %s", got, want)
	}
	if err := os.WriteFile(filepath.Join(root, "12/stat"), []byte(stat(999)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(find(71), find(73)); got != "[3] [2]" {
		t.Errorf("after the end of a process whose number is given again: %s, want [3] [2]", got)
	}
}
