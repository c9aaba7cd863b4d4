package program

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A system is what Linux tells of processes and their sockets, in the folder proc(5) and
// by sock_diag(7).
type system struct {
	root    string
	sockets *diag
	numbers map[identity]uint64
	recent  []int // processes in which a client was found, the latest last
}

// An identity is a process: the system gives its number again after its end.
type identity struct {
	pid   int
	start string // when it began, in ticks since the system did
}

// Bounds of one look-up.
const (
	maxFiles   = 1 << 16 // open files of processes
	maxRecent  = 64
	maxNumbers = 1 << 16 // processes that are told apart
)

// newFinder returns what fills in the numbers of queries, or nil if the system does not
// answer.
func newFinder() finder {
	d, err := openDiag()
	if err != nil {
		return nil
	}
	return &system{root: "/proc", sockets: d, numbers: map[identity]uint64{}}
}

func (s *system) find(batch []*query) {
	sockets := map[uint64]*query{} // by inode
	for _, q := range batch {
		if n := s.sockets.inode(q); n != 0 {
			sockets[n] = q
		}
	}
	if s.search(s.recent, sockets); len(sockets) == 0 {
		return
	}
	for n, q := range sockets { // those that are closed meanwhile are nowhere
		if s.sockets.inode(q) != n {
			delete(sockets, n)
		}
	}
	s.search(s.processes(), sockets)
}

func (s *system) close() { s.sockets.close() }

// search looks in processes for those that have sockets open. What it finds leaves sockets.
func (s *system) search(processes []int, sockets map[uint64]*query) {
	files := maxFiles
	for _, pid := range processes {
		if len(sockets) == 0 || files <= 0 {
			return
		}
		s.look(pid, sockets, &files)
	}
}

// processes returns all processes but those that were looked at, the youngest first.
func (s *system) processes() (all []int) {
	names, err := os.ReadDir(s.root)
	if err != nil {
		return nil
	}
	for _, e := range names {
		if pid, err := strconv.Atoi(e.Name()); err == nil && !slices.Contains(s.recent, pid) {
			all = append(all, pid)
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all
}

// look goes through the open files of a process.
func (s *system) look(pid int, sockets map[uint64]*query, files *int) {
	dir := s.root + "/" + strconv.Itoa(pid) + "/fd"
	f, err := os.Open(dir)
	if err != nil {
		return // it has ended, or belongs to another user of the machine
	}
	open, _ := f.Readdirnames(max(1, *files)) // as many as there are
	f.Close()
	*files -= len(open)
	slices.Reverse(open) // the youngest first, mostly
	for _, name := range open {
		to, err := os.Readlink(dir + "/" + name)
		if err != nil || !strings.HasPrefix(to, "socket:[") {
			continue
		}
		inode, err := strconv.ParseUint(strings.TrimSuffix(to[len("socket:["):], "]"), 10, 64)
		if q := sockets[inode]; err == nil && q != nil {
			q.number = s.number(pid)
			if delete(sockets, inode); len(sockets) == 0 {
				return
			}
		}
	}
}

// number returns the number of a process, a new one if it was not met before. It is 0 if
// too many were.
func (s *system) number(pid int) uint64 {
	stat, err := os.ReadFile(s.root + "/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// pid (name) state ppid …: the name may hold anything. The start is field 22.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return 0
	}
	at := identity{pid, fields[19]}
	n, known := s.numbers[at]
	if !known {
		if len(s.numbers) == maxNumbers {
			return 0
		}
		n = uint64(len(s.numbers)) + 1
		s.numbers[at] = n
	}
	if !slices.Contains(s.recent, pid) {
		if len(s.recent) == maxRecent {
			s.recent = slices.Delete(slices.Clone(s.recent), 0, 1)
		}
		s.recent = append(s.recent[:len(s.recent):len(s.recent)], pid)
	}
	return n
}
