package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/starling-load/starling/model"
)

// Read reads the model folder dir. The error names the folder and, joined, every
// [problem.Problem] in it.
func Read(dir string) (*model.Model, error) {
	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read model %s: %w; \"starling model learn\" makes one", dir, fs.ErrNotExist)
	case err != nil:
		if info, serr := os.Stat(dir); serr == nil && !info.IsDir() {
			return nil, fmt.Errorf("read model %s: it is a file; a model is a folder", dir)
		}
		return nil, fmt.Errorf("read model %s: %w", dir, err)
	}
	defer root.Close()
	m, err := decode(&folder{root: root, left: maxTotal})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read model %s: it has no %s, so it is not a model folder: %w", dir, yamlFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("read model %s: %w", dir, err)
	}
	return m, nil
}

// A folder gives the files of a directory. It follows no link that leads out of it.
type folder struct {
	root *os.Root
	left int64 // bytes that may still be read
}

func (f *folder) read(name string, limit int64) ([]byte, error) {
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer file.Close()
	limit = min(limit, f.left)
	b, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is too large: the limit is %d MB for %s, %d MB for any other file, %d MB in all", name, maxYAML>>20, yamlFile, maxFile>>20, maxTotal>>20)
	}
	f.left -= int64(len(b))
	return b, nil
}

// A WriteOption changes how a model is written.
type WriteOption int

// Overwrite lets [Write] replace a model folder, with everything in it. Only a model
// folder is ever replaced.
const Overwrite WriteOption = 1

// Write writes m, which must be valid, as the folder dir. The folder appears under
// its name when it is complete. An error that is [fs.ErrExist] says that dir exists
// already.
//
// Only the owner may read and write the files: they hold recorded values.
func Write(dir string, m *model.Model, options ...WriteOption) error {
	if err := write(dir, m, options); err != nil {
		return fmt.Errorf("write model %s: %w", dir, err)
	}
	return nil
}

func write(dir string, m *model.Model, options []WriteOption) error {
	if err := m.Validate(); err != nil {
		return err
	}
	files := filesOf(m)
	if m.Overrides+m.Edits != "" { // they may not fit the rest of the model
		if _, err := decode(newBundle(files)); err != nil {
			return fmt.Errorf("the overrides or edits do not fit the model: %w", err)
		}
	}
	overwrite := false
	for _, o := range options {
		overwrite = overwrite || o == Overwrite
	}
	dir = filepath.Clean(dir)
	exists, err := replaceable(dir, overwrite)
	if err != nil {
		return err
	}
	parent, name := filepath.Split(dir)
	if parent == "" {
		parent = "."
	}
	temp, err := os.MkdirTemp(parent, "."+name+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp) // after success, temp has its new name and nothing is removed
	if err := writeFiles(temp, files); err != nil {
		return err
	}
	if exists {
		old := temp + ".old"
		if err := os.Rename(dir, old); err != nil {
			return err
		}
		if err := os.Rename(temp, dir); err != nil {
			return errors.Join(err, os.Rename(old, dir))
		}
		return errors.Join(syncFolder(parent), os.RemoveAll(old))
	}
	if err := os.Rename(temp, dir); err != nil {
		return err
	}
	return syncFolder(parent)
}

// replaceable reports whether dir exists. If it exists and may not be replaced, that
// is an error.
func replaceable(dir string, overwrite bool) (exists bool, err error) {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !overwrite:
		return true, fmt.Errorf("%w; choose another name or ask to overwrite", fs.ErrExist)
	case info.IsDir():
		if _, err := os.Lstat(filepath.Join(dir, yamlFile)); err == nil {
			return true, nil
		}
	}
	return true, fmt.Errorf("%w and is no model folder, so it is not overwritten; choose another name", fs.ErrExist)
}

// writeFiles writes files into dir and waits until they are on disk.
func writeFiles(dir string, files []file) error {
	folders := map[string]bool{dir: true}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		for p := filepath.Dir(path); !folders[p]; p = filepath.Dir(p) {
			folders[p] = true
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeFile(path, f.data); err != nil {
			return err
		}
	}
	for p := range folders {
		if err := syncFolder(p); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder waits until the names in dir are on disk.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
