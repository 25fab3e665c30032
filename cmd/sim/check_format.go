package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// lookedAt is how much of a file tells its format.
const lookedAt = 64 << 10

// formatOf is the format of the history that the flags name.
func (f *checkFlags) formatOf() (string, error) {
	formats := []string{"auto", "jsonl", "edn", "log"}
	if !slices.Contains(formats, f.format) {
		return "", usage{fmt.Errorf("--format: %q is no format; there are %s", f.format, strings.Join(formats, ", "))}
	}
	if f.format != "auto" {
		return f.format, nil
	}
	file, err := os.Open(f.file)
	if err != nil {
		return "", usage{err}
	}
	defer file.Close()
	head := make([]byte, lookedAt)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", fmt.Errorf("read %s: %w", f.file, err)
	}
	if format := guess(head[:n]); format != "" {
		return format, nil
	}
	return "", usage{fmt.Errorf("%s looks like neither jsonl nor edn nor log: --format says which", f.file)}
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
