package flowfile

import "math"

// room makes sure that n more bytes in so many records cannot push the finished
// file over its limit. A part of the limit is kept for Loss records.
func (w *Writer) room(n, records int, forLoss bool) error {
	if w.o.MaxBytes == math.MaxInt64 {
		return nil
	}
	limit := w.o.MaxBytes
	if !forLoss {
		limit -= lossReserve + 4*w.sealCost
	}
	if w.bound(n, records) <= limit {
		return nil
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if w.bound(n, records) <= limit {
		return nil
	}
	return ErrFull
}

// bound is the greatest length of the file if it were closed after n more bytes of
// records. It takes the worst case: the bytes do not compress, each record has a block
// of its own, and all its hashes and counts are new.
func (w *Writer) bound(n, records int) int64 {
	raw := int64(len(w.block.raw) + n + 16)
	stored := raw + raw>>8 + 256
	blocks := int64(records + 2) // with the pending one and that of a Loss
	hashes := int64(3 * (len(w.block.notes) + 1))
	heads := blocks*(blockFixed+frameExtra+8) + 5*hashes
	if w.o.Encrypt != nil {
		stored += stored >> 6
		heads += blocks * w.sealCost
	}
	index := (int64(w.blocks) + blocks) * entrySize
	totals := int64(4<<10 + 32*len(w.tally.status) + 448*len(w.tally.protocol) + 32*len(w.block.notes))
	return w.off + stored + heads + index + totals + w.infos
}
