package curl

import "strings"

// A cmdState reads a command as cmd.exe of Windows does, line by line.
//
//	^X      X as it is, also a quote or the end of a line; what follows such an end is
//	        taken as it is, too, so that an empty line behind it is a line feed
//	"…"     a caret is a caret
//	%%      a percent sign, as in a batch file
//
// The command ends with its line, or at an operator outside of quotes.
type cmdState struct {
	plain   strings.Builder // without the escapes
	quoted  bool
	escaped bool // the next character is taken as it is
	joined  bool // it follows the end of a line that was escaped
	browser bool // quotes are escaped, which browsers do and people hardly ever
}

// line reads one line and reports whether the command goes on behind it.
func (s *cmdState) line(text string) bool {
	text += "\n"
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case s.escaped && c == '\n' && !s.joined:
			s.joined = true // and what follows is escaped
		case s.escaped:
			s.escaped, s.joined = false, false
			s.browser = s.browser || c == '"'
			s.plain.WriteByte(c)
			if c == '\n' {
				return true
			}
		case c == '^' && !s.quoted:
			s.escaped = true
		case c == '\n', !s.quoted && strings.IndexByte("&|<>", c) >= 0:
			return false
		default:
			if c == '"' {
				s.quoted = !s.quoted
			}
			if c == '%' && text[i+1] == '%' { // the line feed is the last character
				i++
			}
			s.plain.WriteByte(c)
		}
	}
	return true
}

// words returns the arguments. A program splits them itself, by the rules of
// Microsoft's C library: "" in quotes is a quote, \" is one, and two backslashes
// before a quote are one. Browsers double every backslash.
func (s *cmdState) words() (list []string, err error) {
	text := s.plain.String()
	var word strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			n := 1
			for i+n < len(text) && text[i+n] == '\\' {
				n++
			}
			quote := i+n < len(text) && text[i+n] == '"'
			if s.browser || quote {
				word.WriteString(strings.Repeat(`\`, n/2))
			} else {
				word.WriteString(strings.Repeat(`\`, n))
			}
			if i += n - 1; n%2 == 1 && i+1 < len(text) && (quote || s.browser) {
				i++
				word.WriteByte(text[i])
			}
			begun = true
		case c == '"' && quoted && i+1 < len(text) && text[i+1] == '"':
			i++
			word.WriteByte('"')
		case c == '"':
			quoted, begun = !quoted, true
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			if begun {
				list = append(list, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if quoted {
		return nil, errOpenQuote
	}
	if begun {
		list = append(list, word.String())
	}
	return list, nil
}
