package run

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/replay/compare"
)

// A Comparison plays one job to two targets in alternating blocks, with the same
// seeds on both sides of a pair.
type Comparison struct {
	Job       Job // its target and duration are not used
	Baseline  string
	Candidate string
	Pairs     int           // of blocks: 2 or more
	Block     time.Duration // length of a block: a second or more
	Judge     compare.Options

	// OnBlock is told of each block when it begins: pairs count from 0.
	OnBlock func(pair int, target string)
}

func (c Comparison) validate() error {
	switch {
	case c.Pairs < 2:
		return jobErrorf("%s: at least 2 are needed to see what varies by itself", english.Plural(c.Pairs, "pair", ""))
	case c.Block < time.Second:
		return jobErrorf("blocks of %s: give each a second or more", c.Block)
	}
	return nil
}

// Compare plays the blocks of a comparison and judges what they show. It first plays a
// short block to each side that does not count. In even pairs the baseline comes
// first, in odd ones the candidate. Options.Output is not used.
func Compare(ctx context.Context, c Comparison, o Options) (*compare.Report, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	p, err := newPairing(ctx, c, o.withDefaults())
	if err != nil {
		return nil, err
	}
	for _, in := range p.sides {
		if err := in.job.reach(ctx); err != nil {
			return nil, err
		}
	}
	return p.play(ctx)
}

// A pairing is one Compare.
type pairing struct {
	Comparison
	options Options
	sides   [2]*input // baseline, candidate
	blocks  [2][]*compare.Block
}

// newPairing reads the job once and checks it against both targets.
func newPairing(ctx context.Context, c Comparison, o Options) (*pairing, error) {
	o.Output = ""
	p := &pairing{Comparison: c, options: o}
	for side, target := range []string{c.Baseline, c.Candidate} {
		j := c.Job
		j.Plan.Target, j.Plan.Duration = target, c.Block
		j, _, err := j.complete()
		if err != nil {
			return nil, err
		}
		if side == 0 {
			p.sides[0], err = openInput(ctx, j, o)
		} else {
			second := *p.sides[0]
			j.Source = second.job.Source // what the first has learned
			second.job = j
			p.sides[1], err = &second, second.check()
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *pairing) play(ctx context.Context) (*compare.Report, error) {
	seed := p.Job.Plan.Seed
	const warmUp = 2 * time.Second
	for side := range p.sides {
		if _, err := p.block(ctx, side, seed, min(p.Block, warmUp)); err != nil {
			return nil, err
		}
		// Both sides play the same, and each block loads it again. The first block
		// has reported notes and damage; no other does.
		for _, in := range p.sides {
			in.note, in.damage = func(string) {}, func(error) {}
		}
	}
	for pair := range p.Pairs {
		for turn := range p.sides {
			side := (turn + pair) % 2
			if p.OnBlock != nil {
				p.OnBlock(pair, p.sides[side].job.Plan.Target)
			}
			b, err := p.block(ctx, side, seed+uint64(pair), p.Block)
			if err != nil {
				return nil, err
			}
			p.blocks[side] = append(p.blocks[side], b)
		}
	}
	return compare.Compare(p.blocks[0], p.blocks[1], p.Judge), nil
}

// block plays one block to one side.
func (p *pairing) block(ctx context.Context, side int, seed uint64, length time.Duration) (*compare.Block, error) {
	in := *p.sides[side]
	in.job.Plan.Seed = seed
	in.job.Plan.Duration = length
	r := newRun(&in, nil, p.options)
	summary, err := r.Play(ctx)
	if err != nil {
		return nil, err
	}
	if summary.Requests == 0 {
		return nil, fmt.Errorf("no answer from %s within %s; give longer blocks or more users", in.job.Plan.Target, length)
	}
	return compare.FromTimeline(r.timeline), nil
}
