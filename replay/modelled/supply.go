package modelled

import (
	"math"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// Supplies says how many rows of its data files the users of a run need, of all kinds or
// of each kind that was recorded. src is a source of New that plays m, at returns when
// session i begins (with users: user i), and sessions is how many begin so.
func Supplies(m *model.Model, src replay.Source, at func(i uint64) (time.Duration, bool), sessions uint64) (list []faithful.Supply) {
	s, ok := src.(*source)
	if !ok {
		return nil
	}
	clashes := s.allClashes(at)
	for i := range m.Data {
		file := &m.Data[i]
		if !needs(m, file.Name) {
			continue
		}
		kinds := kindsOf(file, m.Sessions)
		if len(kinds) == 0 {
			kinds = []kindUsed{{rows: len(file.Rows), users: 1}} // there are no sessions, but walks
		}
		of := 0 // recorded users; with arrivals, sessions
		for _, k := range kinds {
			of += k.users
		}
		if s.plan.Users == 0 {
			of = max(of, len(m.Sessions))
		}
		for _, k := range kinds {
			x := faithful.Supply{File: file.Name, With: k.text, Supplied: uint64(k.rows)}
			x.Needed = uint64(math.Ceil(float64(sessions) * float64(k.users) / float64(of)))
			for _, c := range clashes {
				if c.file == file.Name && c.kind == k.text {
					x.Sessions, x.InUse = c.sessions, c.inUse
				}
			}
			list = append(list, x)
		}
	}
	return list
}

// needs reports whether requests of m carry values of a data file.
func needs(m *model.Model, file string) bool {
	for i := range m.Endpoints {
		for k := range m.Endpoints[i].Variants {
			for _, v := range m.Endpoints[i].Variants[k].Values {
				if name, _, _ := strings.Cut(v.Ref, "."); v.Kind == model.Data && name == file {
					return true
				}
			}
		}
	}
	return false
}
