package folder

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden folder anew")

// The folder of version 1 is never written again: it stands for the folders that
// people have.
func TestTheFolderOfVersion1(t *testing.T) {
	m, err := Read(filepath.Join("testdata", "v1", "shop.model"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(firstSample(), m); diff != "" {
		t.Errorf("read model differs (-want +got):\n%s", diff)
	}
}

func TestABraceInAnExampleOfVersion1IsText(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "v1", "shop.model"))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "model.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(text, []byte("fresh: 7f3a9c"), []byte("fresh: '{7f3a9c'"), 1)
	if err := os.WriteFile(filepath.Join(dir, "model.yaml"), changed, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Endpoints[2].Variants[0].Values[1].Ref; got != "{{7f3a9c" {
		t.Errorf("the form is %q", got)
	}
}

func TestTheFolderOfVersion2(t *testing.T) {
	dir := filepath.Join("testdata", "v2", "shop.model")
	if *update {
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(filepath.Dir(dir), 0o755)); err != nil {
			t.Fatal(err)
		}
		if err := Write(dir, sample()); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range filesOf(sample()) {
		want, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.data, want) {
			t.Errorf("%s differs from the golden file (-want +got):\n%s", f.name, cmp.Diff(string(want), string(f.data)))
		}
	}
	m, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), m); diff != "" {
		t.Errorf("read model differs (-want +got):\n%s", diff)
	}
}

func TestWriteThenRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop.model")
	if err := Write(dir, sample()); err != nil {
		t.Fatal(err)
	}
	m, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), m); diff != "" {
		t.Errorf("read model differs (-want +got):\n%s", diff)
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the folder there is %v, %v", left, err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if info, e := d.Info(); e == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWriteDoesNotOverwrite(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "shop.model")
	if err := Write(dir, sample()); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, sample()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second Write: %v, want fs.ErrExist", err)
	}
	changed := sample()
	changed.Notes = nil
	if err := Write(dir, changed, Overwrite); err != nil {
		t.Fatal(err)
	}
	if m, err := Read(dir); err != nil || m.Notes != nil {
		t.Errorf("after overwriting: %v, %v", m, err)
	}
	foreign := filepath.Join(parent, "photos")
	if err := os.Mkdir(foreign, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(foreign, changed, Overwrite); !errors.Is(err, fs.ErrExist) {
		t.Errorf("overwriting a folder that is no model: %v, want fs.ErrExist", err)
	}
	invalid := sample()
	invalid.Version = 7
	if err := Write(dir, invalid, Overwrite); err == nil {
		t.Error("an invalid model was written")
	}
	if left, _ := os.ReadDir(parent); len(left) != 2 {
		t.Errorf("left over: %v", left)
	}
}

func TestReadNamesWhatIsNoModel(t *testing.T) {
	empty := t.TempDir()
	for _, tt := range []struct{ name, dir, want string }{
		{"nothing there", filepath.Join(empty, "x.model"), "starling model learn"},
		{"a folder without model.yaml", empty, "not a model folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(tt.dir)
			if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Read: %v, want fs.ErrNotExist with %q", err, tt.want)
			}
		})
	}
}

func TestLinksDoNotLeadOutOfTheFolder(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "shop.model")
	if err := Write(dir, sample()); err != nil {
		t.Fatal(err)
	}
	csv := filepath.Join(dir, "data", "accounts.csv")
	outside := filepath.Join(parent, "outside.csv")
	if err := errors.Join(os.Rename(csv, outside), os.Symlink("../../outside.csv", csv)); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("Read through a link: %v", err)
	}
}

func TestAFolderIsBoundedAsAWhole(t *testing.T) {
	root, err := os.OpenRoot(filepath.Join("testdata", "v2", "shop.model"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	yaml := int64(len(filesOf(sample())[0].data))
	if _, err := decode(&folder{root: root, left: yaml - 1}); err == nil || !strings.Contains(err.Error(), "model.yaml is too large") {
		t.Errorf("model.yaml beyond the limit: %v", err)
	}
	if _, err := decode(&folder{root: root, left: yaml + 20}); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("data beyond the limit: %v", err)
	}
}
