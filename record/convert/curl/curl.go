package curl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
)

// An importer reads shell text that holds curl commands.
type importer struct {
	files fs.FS
	s     *convert.Sink
	vars  map[string]string
	conn  uint64
}

// A Format reads and writes commands of curl, as people and browsers write them.
type Format struct {
	// Files holds the files that a command may refer to. Nil: commands that refer to
	// files are refused.
	Files fs.FS
}

var firstWord = regexp.MustCompile(`(?m)^\s*(\$ )?curl(\.exe)?\s`)

// Recognize looks for a line that begins with curl.
func (Format) Recognize(head []byte) convert.Certainty {
	if firstWord.Match(head) {
		return convert.Guess
	}
	return convert.No
}

// Import reads shell text. Commands that are not curl's are left out.
func (f Format) Import(r *bufio.Reader, s *convert.Sink) error {
	c := &importer{files: f.Files, s: s, vars: map[string]string{}}
	lines := &shellLines{r: r}
	for {
		text, line, windows, err := lines.next()
		place := fmt.Sprintf("line %d", line)
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errOpenQuote), errors.Is(err, convert.ErrTooLong):
			err = s.Skip(place, err)
		case err != nil:
			return s.Skip(place, fmt.Errorf("the input breaks off: %w", err))
		case windows != nil:
			err = c.windows(place, windows)
		default:
			err = c.command(place, text)
		}
		if err != nil {
			return err
		}
	}
}

// windows reads a command of cmd.exe.
func (c *importer) windows(place string, command *cmdState) error {
	words, err := command.words()
	switch {
	case err != nil:
		return c.s.Skip(place, err)
	case len(words) == 0 || !isCurlName(words[0]):
		return c.s.Skip(place, errNotCurl)
	}
	return c.requests(place, words[1:], nil)
}

// command reads one command of the shell. It may consist of several, joined by && or |.
func (c *importer) command(place, text string) error {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		var bad syntax.ParseError
		if errors.As(err, &bad) {
			return c.s.Skip(place, fmt.Errorf("not a command of the shell: column %d of the command", bad.Pos.Offset()+1))
		}
		return c.s.Skip(place, errors.New("not a command of the shell"))
	}
	for _, stmt := range file.Stmts {
		if err := c.statement(place, stmt); err != nil {
			return err
		}
	}
	return nil
}

func (c *importer) statement(place string, stmt *syntax.Stmt) error {
	switch cmd := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		return c.call(place, cmd, nil)
	case *syntax.DeclClause: // export NAME=VALUE
		c.assign(cmd.Args)
		return nil
	case *syntax.BinaryCmd:
		if cmd.Op == syntax.Pipe {
			return c.pipe(place, cmd)
		}
		if err := c.statement(place, cmd.X); err != nil {
			return err
		}
		return c.statement(place, cmd.Y)
	case nil:
		return nil
	}
	return c.s.Skip(place, fmt.Errorf("%w: loops, conditions and functions of the shell are not run", convert.ErrOther))
}

// pipe reads "… | curl …" and "curl … | anything". What stands before curl must be
// printf, echo or base64.
func (c *importer) pipe(place string, cmd *syntax.BinaryCmd) error {
	if isCurl(cmd.X) || !isCurl(cmd.Y) {
		if left, ok := cmd.X.Cmd.(*syntax.BinaryCmd); ok && left.Op == syntax.Pipe && !isCurl(cmd.Y) {
			return c.pipe(place, left)
		}
		return c.statement(place, cmd.X)
	}
	input, err := c.output(cmd.X)
	if err != nil {
		return c.s.Skip(place, err)
	}
	return c.call(place, cmd.Y.Cmd.(*syntax.CallExpr), input)
}

func isCurl(stmt *syntax.Stmt) bool {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) > 0 && isCurlName(call.Args[0].Lit())
}

var errNotCurl = fmt.Errorf("%w: not a curl command", convert.ErrOther)

func isCurlName(name string) bool {
	return name == "curl" || name == "curl.exe" || strings.HasSuffix(name, "/curl")
}

// output returns what printf, echo and base64 would print.
func (c *importer) output(stmt *syntax.Stmt) ([]byte, error) {
	errOther := errors.New("what is piped into curl is not printf, echo or base64")
	switch cmd := stmt.Cmd.(type) {
	case *syntax.BinaryCmd:
		call, ok := cmd.Y.Cmd.(*syntax.CallExpr)
		if !ok || cmd.Op != syntax.Pipe || len(call.Args) != 2 || call.Args[0].Lit() != "base64" {
			return nil, errOther
		}
		in, err := c.output(cmd.X)
		if err != nil {
			return nil, err
		}
		return loose.Base64(string(in))
	case *syntax.CallExpr:
		args, err := c.words(cmd.Args)
		switch {
		case err != nil:
			return nil, err
		case len(args) == 2 && args[0] == "echo":
			return []byte(args[1] + "\n"), nil
		case len(args) == 3 && args[0] == "printf" && args[1] == "%s":
			return []byte(args[2]), nil
		}
	}
	return nil, errOther
}

func (c *importer) assign(list []*syntax.Assign) {
	for _, a := range list {
		if a.Name == nil || a.Value == nil || len(c.vars) > 1024 {
			continue
		}
		if value, err := c.word(a.Value); err == nil {
			c.vars[a.Name.Value] = value
		} else {
			delete(c.vars, a.Name.Value)
		}
	}
}

// call reads one simple command. stdin is what is piped into it, nil if nothing.
func (c *importer) call(place string, call *syntax.CallExpr, stdin []byte) error {
	if len(call.Args) == 0 {
		c.assign(call.Assigns)
		return nil
	}
	args := call.Args
	if first := args[0].Lit(); (first == "$" || first == "%" || first == ">") && len(args) > 1 { // a prompt that was copied too
		args = args[1:]
	}
	if !isCurlName(args[0].Lit()) {
		return c.s.Skip(place, errNotCurl)
	}
	words, err := c.words(args[1:])
	if err != nil {
		return c.s.Skip(place, err)
	}
	return c.requests(place, words, stdin)
}

// requests reads the words behind "curl".
func (c *importer) requests(place string, words []string, stdin []byte) error {
	requests, err := parse(words, compose.Files{Dir: c.files, Stdin: stdin})
	if err != nil {
		return c.s.Skip(place, err)
	}
	for _, q := range requests {
		for _, address := range q.urls {
			if err := c.request(place, q, address); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *importer) request(place string, q *request, address string) error {
	f, err := q.flow(address)
	if err != nil {
		return c.s.Skip(place, err)
	}
	f.Start, f.Error = c.s.Tick(), convert.NoResponse
	if c.conn == 0 {
		if c.conn, err = c.s.Conn(&flow.Conn{Opened: f.Start}); err != nil {
			return err
		}
	}
	f.Conn = c.conn
	return c.s.Put(f)
}

// A shellLines cuts shell text into commands. A command ends with its line, unless a
// quote is open or the line is continued. So the others can be read when one is broken.
type shellLines struct {
	r       *bufio.Reader
	line    int // of the last line read
	pending []pendingLine
}

type pendingLine struct {
	text string
	line int
}

var errOpenQuote = errors.New("a quote is opened and never closed")

func (l *shellLines) read() (pendingLine, error) {
	if len(l.pending) > 0 {
		p := l.pending[0]
		l.pending = l.pending[1:]
		return p, nil
	}
	text, err := convert.ReadLine(l.r, convert.MaxEntry)
	if err == io.EOF {
		return pendingLine{}, err
	}
	l.line++
	return pendingLine{string(text), l.line}, err
}

// next returns a command and the line where it begins. A command of cmd.exe is in
// windows.
func (l *shellLines) next() (text string, line int, windows *cmdState, err error) {
	var lines []pendingLine
	var state shellState
	size := 0
	for {
		p, err := l.read()
		switch {
		case errors.Is(err, convert.ErrLongLine):
			return "", p.line, nil, convert.ErrTooLong
		case err == io.EOF && len(lines) == 0:
			return "", l.line, nil, io.EOF
		case err == io.EOF && state.quote != 0 && windows == nil:
			return l.giveUp(lines, errOpenQuote)
		case err == io.EOF:
			return joinLines(lines), lines[0].line, windows, nil
		case err != nil:
			return "", p.line, nil, err
		}
		if len(lines) == 0 && strings.TrimSpace(p.text) == "" {
			continue
		}
		if len(lines) == 0 {
			p.text = strings.TrimPrefix(strings.TrimLeft(p.text, " \t"), "$ ")
		}
		lines = append(lines, p)
		if size += len(p.text) + 1; size > convert.MaxEntry {
			return l.giveUp(lines, convert.ErrTooLong)
		}
		more := false
		if windows == nil {
			more = state.line(p.text)
		}
		if state.caret {
			windows, state.caret = &cmdState{}, false
		}
		if windows != nil {
			more = windows.line(p.text)
		}
		if !more {
			return joinLines(lines), lines[0].line, windows, nil
		}
	}
}

// giveUp drops the first command of lines and goes on at the next line that looks like
// a command.
func (l *shellLines) giveUp(lines []pendingLine, err error) (string, int, *cmdState, error) {
	for i := 1; i < len(lines); i++ {
		if firstWord.MatchString(lines[i].text) {
			l.pending = append(lines[i:len(lines):len(lines)], l.pending...)
			break
		}
	}
	return "", lines[0].line, nil, err
}

func joinLines(lines []pendingLine) string {
	var b bytes.Buffer
	for _, p := range lines {
		b.WriteString(p.text)
		b.WriteByte('\n')
	}
	return b.String()
}

// A shellState knows whether the end of a line ends a command.
type shellState struct {
	quote   byte // that ends what is quoted: ' or ", 0 outside
	escapes bool // a backslash escapes within the quotes
	begun   bool // a line was read
	caret   bool // the first line is one of cmd.exe: ^ before a quote, or at its end
}

// line reads one line and reports whether the command goes on behind it.
func (s *shellState) line(text string) bool {
	first, dollar := !s.begun, false
	s.begun = true
	for i := 0; i < len(text); i++ {
		c := text[i]
		if s.quote != 0 {
			if c == '\\' && s.escapes {
				i++
			} else if c == s.quote {
				s.quote = 0
			}
			continue
		}
		switch c {
		case '\\':
			if i++; i >= len(text) {
				return true
			}
		case '#':
			if i == 0 || text[i-1] == ' ' || text[i-1] == '\t' {
				return false
			}
		case '\'', '"':
			s.quote, s.escapes = c, c == '"' || dollar
		case '^':
			if rest := strings.TrimRight(text[i+1:], " \t"); first && (rest == "" || rest[0] == '"') {
				s.caret = true
				return false
			}
		}
		dollar = c == '$'
	}
	return s.quote != 0
}
