package made

// likeRun is the shortest run of letters and digits that an example has made anew.
const likeRun = 4

// Like returns the form of an example. Each run of at least four letters and digits that
// holds a digit is made anew: digits of digits, letters of letters, and hexadecimal
// digits where there is nothing else. An example without such a run gets a dash and six
// digits at its end.
func Like(example string) Form {
	var f Form
	made := false
	for at := 0; at < len(example); {
		end, digit := at, false
		for end < len(example) && isAlnum(example[end]) {
			digit = digit || isDigit(example[end])
			end++
		}
		switch run := example[at:end]; {
		case len(run) >= likeRun && digit:
			f.addRun(run)
			made = true
		default:
			end = max(end, at+1)
			f.addText(example[at:end])
		}
		at = end
	}
	if !made {
		f.addText("-")
		f.parts = append(f.parts, part{kind: "digits", min: 6, max: 6})
	}
	return f
}

// addRun adds the part that makes a run anew.
func (f *Form) addRun(run string) {
	kind := "base62"
	for _, k := range []string{"digits", "hex", "HEX", "base36"} {
		if only(run, alphabet(k)) {
			kind = k
			break
		}
	}
	f.parts = append(f.parts, part{kind: kind, min: len(run), max: len(run)})
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
