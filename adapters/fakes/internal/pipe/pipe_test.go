package pipe

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

func testPipe() (*End, *End) {
	return New("mem", "server")
}

func TestPipeBuffersBothDirectionsWithoutAReader(t *testing.T) {
	client, server := testPipe()
	big := bytes.Repeat([]byte("stock"), 1<<20)
	for _, end := range []net.Conn{client, server} { // net.Pipe would block here for ever
		if n, err := end.Write(big); n != len(big) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, client, "the client has not read that far yet") // as on a socket
	got, err := io.ReadAll(client)
	if err != nil || !bytes.Equal(got, big) {
		t.Fatalf("%d bytes of %d before the end, %v", len(got), len(big), err)
	}
}

func TestPipeDeadlinesEndAWaitAndCanBeTakenBack(t *testing.T) {
	client, server := testPipe()
	past := time.Unix(1, 0)
	for name, wait := range map[string]time.Time{"past": past, "soon": time.Now().Add(time.Millisecond)} {
		if err := client.SetReadDeadline(wait); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := client.SetDeadline(past); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if err := client.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
}

func TestPipeResetDropsWhatIsBufferedAndSeverLetsTheServerReadIt(t *testing.T) {
	client, server := testPipe()
	mustWrite(t, client, "request")
	server.Reset()
	for _, end := range []net.Conn{client, server} {
		if _, err := end.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Fatal(err)
		}
	}
	client, server = testPipe()
	mustWrite(t, client, "request")
	server.Sever()
	if _, err := client.Write([]byte("more")); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(server); string(got) != "request" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
}

func mustWrite(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}
