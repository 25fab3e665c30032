package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"stockproof/checks"
)

// lookedAt is how much of a file tells its format.
const lookedAt = 64 << 10

// historyReader is a history that is read once, as from a pipe; what gzip packed comes out unpacked.
type historyReader struct {
	*bufio.Reader
	file *os.File
}

// openHistory opens a file; "-" is what stdin brings.
func openHistory(name string) (*historyReader, error) {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, usage{err}
		}
	}
	h := &historyReader{bufio.NewReaderSize(f, lookedAt), f}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		h.Close()
		return nil, usage{fmt.Errorf("%s is a directory: a history is a file", name)}
	}
	if magic, _ := h.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return h, nil
	}
	z, err := gzip.NewReader(h.Reader)
	if err != nil {
		h.Close()
		return nil, usage{fmt.Errorf("unpack %s: %w", name, err)}
	}
	h.Reader = bufio.NewReaderSize(unpacked{z, name}, lookedAt)
	return h, nil
}

// unpacked is what gzip packed. An archive that is cut short or damaged is bad input, which no reader of lines can tell from
// a disk that fails.
type unpacked struct {
	*gzip.Reader
	name string
}

// Read implements [io.Reader].
func (u unpacked) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = &checks.InputError{File: u.name, Reason: "unpack: " + err.Error()}
	}
	return n, err
}

func (h *historyReader) Close() error { return h.file.Close() }

// format is what the file looks like.
func (h *historyReader) format() (string, error) {
	head, err := h.Peek(lookedAt)
	var damaged *checks.InputError // behind the head: who reads on says at which line
	if err != nil && err != io.EOF && !(errors.As(err, &damaged) && len(head) > 0) {
		return "", usage{fmt.Errorf("read %s: %w", h.file.Name(), err)}
	}
	if format := guess(head); format != "" {
		return format, nil
	}
	return "", usage{fmt.Errorf("%s looks like neither jsonl nor edn nor log: --format says which", h.file.Name())}
}

// knownFormat refuses a --format that there is not.
func (f *checkFlags) knownFormat() error {
	formats := []string{"auto", "jsonl", "edn", "log"}
	if !slices.Contains(formats, f.format) {
		return usage{fmt.Errorf("--format: %q is no format; there are %s", f.format, strings.Join(formats, ", "))}
	}
	return nil
}

// guess is the format of a file that begins so; "" if it is none. An empty file is one of ours that was cut short.
func guess(head []byte) string {
	head = bytes.TrimSpace(head)
	switch {
	case len(head) == 0 || bytes.HasPrefix(head, []byte(`{"`)):
		return "jsonl"
	case bytes.ContainsRune([]byte("{(#;"), rune(head[0])):
		return "edn"
	case bytes.Contains(head, []byte("jepsen.util")):
		return "log"
	case head[0] == '[':
		return "edn"
	}
	return ""
}
