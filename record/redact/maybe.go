package redact

// mayName reports whether a name can be that of a secret: whether it holds a name of the
// tables. It tells other names apart at little cost, without looking at their words.
func mayName(name []byte) bool {
	last := uint32(0)
	for i, c := range name {
		n := nameBits[c]
		if n == 0 {
			continue
		}
		if n == beyondASCII {
			return true
		}
		last = (last<<5 | uint32(n)) & 0x7fff
		if nameBegins[last>>6]&(1<<(last&63)) != 0 && entryAt(name, i, last) {
			return true
		}
	}
	return false
}

// entryAt reports whether an entry of the tables stands in name whose first three letters,
// last, end at i.
func entryAt(name []byte, i int, last uint32) bool {
	for _, e := range nameLists[nameList[last]] {
		at := i
		for n := min(3, len(e.text)) - 1; n > 0; n-- {
			for at--; nameBits[name[at]] == 0; at-- {
			}
		}
		if e.at(name, at) {
			return true
		}
	}
	return false
}

// wordEnd returns where the word that begins at i ends. mayName says that mayName has to
// look at it.
func wordEnd(b []byte, i int) (j int, mayName bool) {
	last, hit := uint32(0), uint64(0)
	for j = i; j < len(b); j++ {
		n := wordBits[b[j]]
		if n == 0 {
			break
		}
		if n == joint {
			continue
		}
		last = (last<<5 | uint32(n)) & 0x7fff
		hit |= nameBegins[last>>6] >> (last & 63)
	}
	return j, hit&1 != 0
}

// joint marks dashes and underscores in wordBits.
const joint = 0xff

// wordBits are the nameBits of the characters of words.
var wordBits = func() (t [256]byte) {
	for c := range t {
		switch {
		case c == '-' || c == '_':
			t[c] = joint
		case nameBits[c] != beyondASCII:
			t[c] = nameBits[c]
		}
	}
	return t
}()

// A nameEntry is a name of the tables.
type nameEntry struct {
	text  string
	begin bool // a word begins with it
	end   bool // a word ends with it
}

// at reports whether the entry stands in name at i. Signs between its letters do not count.
func (e nameEntry) at(name []byte, i int) bool {
	if e.begin && i > 0 && nameBits[name[i-1]] != 0 && (!isCapital(name[i]) || isCapital(name[i-1])) && !isDigit(name[i-1]) {
		return false
	}
	for k := range len(e.text) {
		for i < len(name) && nameBits[name[i]] == 0 {
			i++
		}
		if i >= len(name) || fold(name[i]) != e.text[k] {
			return false
		}
		i++
	}
	if e.end && i+1 < len(name) && name[i] == 's' {
		i++
	}
	return !e.end || i >= len(name) || !isSmall(name[i]) || name[i-1] == name[i] || name[i] == 's' && i+1 == len(name)
}

func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }
func isSmall(c byte) bool   { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool   { return c >= '0' && c <= '9' }

// beyondASCII marks the bytes of characters beyond ASCII in nameBits.
const beyondASCII = 0xff

// nameBits are five bits for each letter and digit, in any case. Other characters have none.
var nameBits = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= 0x80:
			t[c] = beyondASCII
		case isLetter(byte(c)):
			t[c] = byte(c & 31)
		case isDigit(byte(c)):
			t[c] = byte(27 + c%5)
		}
	}
	return t
}()

// nameBegins are the first three letters of names, as bits. nameList is the number of their
// list in nameLists.
var nameBegins, nameList, nameLists = func() (begins [1 << 9]uint64, list [1 << 15]uint16, lists [][]nameEntry) {
	lists = [][]nameEntry{nil}
	add := func(key uint32, e nameEntry) {
		begins[key>>6] |= 1 << (key & 63)
		if list[key] == 0 {
			list[key] = uint16(len(lists))
			lists = append(lists, nil)
		}
		lists[list[key]] = append(lists[list[key]], e)
	}
	for _, table := range []struct {
		names      []string
		begin, end bool
	}{
		{passwordParts, false, false}, {[]string{"csrf", "xsrf"}, false, false}, {tokenEnds, false, true}, {[]string{tokenShort, "pass"}, false, true},
		{passwordWords, true, true}, {passwordNames, true, true}, {tokenNames, true, true}, {likelyNames, true, true}, {likelyWords, true, true},
	} {
		for _, name := range table.names {
			e := nameEntry{name, table.begin, table.end}
			switch {
			case name[0] >= 0x80:
			case len(name) == 2:
				for c := range uint32(32) {
					add(c<<10|uint32(nameBits[name[0]])<<5|uint32(nameBits[name[1]]), e)
				}
			default:
				add(uint32(nameBits[name[0]])<<10|uint32(nameBits[name[1]])<<5|uint32(nameBits[name[2]]), e)
			}
		}
	}
	return begins, list, lists
}()
