package content

import "bytes"

// recordSeparator stands before or behind the documents of a sequence: RFC 7464 has it
// before, the hubs of SignalR behind.
const recordSeparator = 0x1e

// sequence returns where the objects and lists stand in a text that consists of several of
// them, one a line or with separators, or of one with a separator. It is nil for other texts.
func sequence(b []byte) (list [][2]int) {
	i, marked := separated(b, 0)
	for i < len(b) {
		if b[i] != '{' && b[i] != '[' || len(list) == maxLeaves {
			return nil
		}
		end := skipValue(b, i)
		if !validJSON(b[i:end]) {
			return nil
		}
		list = append(list, [2]int{i, end})
		next, mark := separated(b, end)
		if next == end && next < len(b) {
			return nil
		}
		i, marked = next, marked || mark
	}
	if len(list) == 1 && !marked {
		return nil
	}
	return list
}

// separated returns the index of the first byte at or after i that is neither white nor a
// separator, and whether one was before it.
func separated(b []byte, i int) (next int, marked bool) {
	for {
		i = space(b, i)
		if i == len(b) || b[i] != recordSeparator {
			return i, marked
		}
		i, marked = i+1, true
	}
}

// joined returns the documents of a sequence as a list, nil if b is none.
func joined(b []byte) []byte {
	list := sequence(b)
	if list == nil {
		return nil
	}
	var out bytes.Buffer
	for i, at := range list {
		out.WriteByte("[,"[min(i, 1)])
		out.Write(b[at[0]:at[1]])
	}
	out.WriteByte(']')
	return out.Bytes()
}
