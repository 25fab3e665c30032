package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// RedisNode is a running Redis 7.
type RedisNode struct {
	// Addr is host:port. It stays the same over Kill and Restart.
	Addr string
	// Dir is the server's directory: redis.conf, its log in "log", and what the settings make it keep.
	Dir string

	home     *home
	bin      string
	port     int
	busPort  int // 0 outside a Cluster
	settings []string
	process  *process
}

// Redis starts an empty server for this test alone and returns its address.
func Redis(t testing.TB) (addr string) {
	t.Helper()
	return StartRedis(t).Addr
}

// StartRedis starts an empty server for this test alone and removes it when the test ends. Settings are lines of
// redis.conf, as in "appendonly yes"; without one that asks for persistence a restarted server comes back empty. The
// test is skipped when the Debian package redis-server is not installed.
func StartRedis(t testing.TB, settings ...string) *RedisNode {
	t.Helper()
	node, err := startRedis(false, settings)
	require(t, err)
	t.Cleanup(func() { node.discard(t) })
	return node
}

// Stop is an orderly shutdown (SIGTERM).
func (r *RedisNode) Stop() error { return r.end("stop", syscall.SIGTERM) }

// Kill is a crash (SIGKILL): whatever was not written to disk is gone.
func (r *RedisNode) Kill() error { return r.end("kill", syscall.SIGKILL) }

func (r *RedisNode) end(how string, sig syscall.Signal) error {
	if err := r.process.end(r.Dir, sig); err != nil {
		return fmt.Errorf("%s Redis at %s: %w", how, r.Addr, err)
	}
	return nil
}

// Restart starts the server again on the same port and directory, stopping it in order first if it still runs.
func (r *RedisNode) Restart() error {
	if err := r.Stop(); err != nil {
		return err
	}
	if err := r.start(); err != nil {
		return fmt.Errorf("restart Redis at %s: %w", r.Addr, err)
	}
	return nil
}

func startRedis(clustered bool, settings []string) (*RedisNode, error) {
	bin, err := redisBinary()
	if err != nil {
		return nil, err
	}
	h, err := newHome("redis")
	if err != nil {
		return nil, err
	}
	r := &RedisNode{Dir: h.dir, home: h, bin: bin, settings: settings}
	if err := r.create(clustered); err != nil {
		h.remove()
		return nil, fmt.Errorf("start Redis from %s: %w", bin, err)
	}
	return r, nil
}

// create starts the server on the first port, or pair of ports, that is really free.
func (r *RedisNode) create(clustered bool) (err error) {
	for attempt := 1; ; attempt++ {
		if r.port, err = freePort(); err != nil {
			return err
		}
		if clustered {
			if r.busPort, err = freePort(); err != nil {
				return err
			}
		}
		r.Addr = address(r.port)
		err = r.start()
		if err == nil || !errors.Is(err, errPortTaken) || attempt == portAttempts {
			return err
		}
	}
}

func (r *RedisNode) start() error {
	conf := filepath.Join(r.Dir, "redis.conf")
	if err := os.WriteFile(conf, []byte(strings.Join(r.config(), "\n")+"\n"), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", conf, err)
	}
	cmd := exec.Command(r.bin, conf)
	cmd.Dir = r.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child, err := launch(r.Dir, cmd)
	if err != nil {
		return err
	}
	r.process = child
	if err := child.ready(r.Dir, r.answers); err != nil {
		return errors.Join(err, child.end(r.Dir, syscall.SIGKILL))
	}
	return nil
}

// config is redis.conf. The settings come last because a later line wins.
func (r *RedisNode) config() []string {
	lines := []string{
		"bind 127.0.0.1",
		fmt.Sprintf("port %d", r.port),
		"dir " + r.Dir,
		`save ""`,
		"maxmemory-policy noeviction",
	}
	if r.busPort != 0 {
		lines = append(lines,
			"cluster-enabled yes",
			fmt.Sprintf("cluster-port %d", r.busPort),
			"cluster-config-file nodes.conf",
			"cluster-node-timeout 2000")
	}
	return append(lines, r.settings...)
}

// answers succeeds when the server on our port is our child and has loaded its data.
func (r *RedisNode) answers(ctx context.Context) error {
	// The client logs every refused connection; while the server starts that is expected, so it is tried without one.
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.Addr)
	if err != nil {
		return err
	}
	conn.Close()
	client := redis.NewClient(&redis.Options{Addr: r.Addr, MaxRetries: -1})
	defer client.Close()
	info, err := client.Info(ctx, "server", "persistence").Result()
	if err != nil {
		return err
	}
	if pid := field(info, "process_id"); pid != fmt.Sprint(r.process.pid) {
		return fmt.Errorf("%w by another server, process %s", errPortTaken, pid)
	}
	if field(info, "loading") != "0" {
		return errors.New("still loading its data")
	}
	return nil
}

func (r *RedisNode) discard(t testing.TB) {
	if t.Failed() {
		t.Log(logTail(r.Dir))
	}
	_ = r.Kill() // nothing of it is kept, so how it ended does not matter
	r.home.remove()
}

// field returns the value of a line "name:value" of INFO or CLUSTER INFO, or "".
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// redisBinary finds Redis 7 on the PATH.
func redisBinary() (string, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", &missing{"redis-server", "no redis-server on the PATH"}
	}
	version, err := exec.Command(path, "--version").Output()
	if err != nil || !strings.Contains(string(version), "v=7.") {
		return "", &missing{"redis-server", fmt.Sprintf("%s is %q, Redis 7 is needed", path, strings.TrimSpace(string(version)))}
	}
	return path, nil
}
