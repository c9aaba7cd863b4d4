package exchange

import (
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"

	"github.com/starling-load/starling/record/flow"
)

const (
	firstTable    = 4096      // bytes of the dynamic table until the settings say otherwise
	maxTable      = 256 << 10 // most bytes of a dynamic table
	maxFilled     = 64 << 10  // most bytes of unknown entries
	maxHeadBytes  = 1 << 20   // bytes of a header list, as RFC 9113 counts them
	fieldOverhead = 32        // of a field in a header list and in a table

	// unknownName is the name of table entries that were added unseen. No real field can
	// have this name.
	unknownName = "\x00"
)

// A heads decodes the field blocks of one direction (RFC 7541). Blocks refer to the
// dynamic table, and every block of the connection may change it. When blocks were not
// seen, the table is filled with unknown entries. An index counts from the newest entry.
// So entries added since then are found, and older ones are recognised as unknown.
type heads struct {
	dec    *hpack.Decoder
	table  uint32 // bytes that the settings allow
	filled uint32 // bytes of unknown entries when the table was last filled
	list   h2head
	bytes  int
}

// An h2head is a decoded field block.
type h2head struct {
	fields  flow.Headers // without pseudo-header fields; parts of Cookie are joined
	pseudo  [pseudos]string
	unknown bool // some fields are not known
	long    bool // some fields were left out
}

// The pseudo-header fields.
const (
	pseudoMethod = iota
	pseudoScheme
	pseudoAuthority
	pseudoPath
	pseudoStatus
	pseudoProtocol
	pseudos
)

func pseudoOf(name string) int {
	switch name {
	case ":method":
		return pseudoMethod
	case ":scheme":
		return pseudoScheme
	case ":authority":
		return pseudoAuthority
	case ":path":
		return pseudoPath
	case ":status":
		return pseudoStatus
	case ":protocol":
		return pseudoProtocol
	}
	return -1
}

// status returns the status of a response, or 0.
func (h *h2head) status() int {
	n, err := strconv.Atoi(h.pseudo[pseudoStatus])
	if err != nil || n < 100 || n > 999 {
		return 0
	}
	return n
}

// size returns the memory of the fields, in bytes.
func (h *h2head) size() int64 {
	n := 0
	for i := range h.fields {
		n += len(h.fields[i].Name) + len(h.fields[i].Value) + fieldOverhead
	}
	for _, v := range h.pseudo {
		n += len(v)
	}
	return int64(n)
}

func newHeads() *heads {
	h := &heads{table: firstTable}
	h.dec = hpack.NewDecoder(firstTable, h.field)
	return h
}

// allow sets the table size that the receiver of the blocks allows.
func (h *heads) allow(size uint32) {
	h.table = min(max(h.table, size), maxTable)
	h.dec.SetAllowedMaxDynamicTableSize(h.table)
}

// forget marks the table as unknown, because blocks were not seen.
func (h *heads) forget() {
	if h.filled == 0 {
		h.filled = firstTable
	}
	h.dec = hpack.NewDecoder(h.filled, func(hpack.HeaderField) {})
	h.dec.SetAllowedMaxDynamicTableSize(maxTable)
	// 0x40: a new entry with a new name. Both lengths take one byte.
	entry := []byte{0x40, byte(len(unknownName)), unknownName[0], 0}
	for range h.filled / (fieldOverhead + uint32(len(unknownName))) {
		_, _ = h.dec.Write(entry) // never fails
	}
	_ = h.dec.Close()
	h.dec.SetEmitFunc(h.field)
}

// decode decodes a whole field block. ok is false if the block is not well-formed. Then
// the table is unknown.
func (h *heads) decode(block []byte) (list h2head, ok bool) {
	h.list, h.bytes = h2head{}, 0
	h.dec.SetEmitEnabled(true)
	_, err := h.dec.Write(block)
	if closing := h.dec.Close(); err == nil {
		err = closing
	}
	list, h.list = h.list, h2head{}
	if err == nil {
		return list, true
	}
	if h.filled > 0 { // the real table may be larger than it was assumed to be
		h.filled = min(h.filled*16, maxFilled)
	}
	h.forget()
	list.unknown = true
	return list, false
}

// field takes one field.
func (h *heads) field(f hpack.HeaderField) {
	h.bytes += len(f.Name) + len(f.Value) + fieldOverhead
	if h.bytes > maxHeadBytes {
		h.list.long = true
		h.dec.SetEmitEnabled(false) // the decoder still has to update the table
		return
	}
	switch {
	case f.Name == unknownName:
		h.list.unknown = true
	case strings.HasPrefix(f.Name, ":"):
		if i := pseudoOf(f.Name); i >= 0 {
			h.list.pseudo[i] = f.Value
		}
	case f.Name == "cookie":
		h.cookie(f.Value)
	default:
		h.list.fields = append(h.list.fields, flow.Header{Name: f.Name, Value: f.Value})
	}
}

// cookie joins the parts of a Cookie field, which HTTP/2 may send as separate fields
// (RFC 9113, section 8.2.3).
func (h *heads) cookie(crumb string) {
	for i := range h.list.fields {
		if f := &h.list.fields[i]; f.Name == "cookie" {
			f.Value += "; " + crumb
			return
		}
	}
	h.list.fields = append(h.list.fields, flow.Header{Name: "cookie", Value: crumb})
}
