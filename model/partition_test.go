package model

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"
)

// Source: Apache Kafka, clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java,
// testMurmur2.
func TestMurmur2EqualsTheJavaClients(t *testing.T) {
	for _, v := range []struct {
		key  string
		want int32
	}{
		{"21", -973932308},
		{"foobar", -790332482},
		{"a-little-bit-long-string", -985981536},
		{"a-little-bit-longer-string", -1486304829},
		{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
		{string([]byte{'a', 'b', 'c'}), 479470107},
	} {
		if got := int32(murmur2([]byte(v.key))); got != v.want {
			t.Errorf("murmur2(%q) = %d, the Java client has %d", v.key, got, v.want)
		}
	}
}

// franz-go's default partitioner is an independent port of the same Java code.
func TestPartitionEqualsFranzGosOnAnyKey(t *testing.T) {
	theirs := kgo.StickyKeyPartitioner(nil).ForTopic("any")
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "key")
		n := rapid.Int32Range(1, 1024).Draw(t, "partitions")
		want := theirs.Partition(&kgo.Record{Key: append([]byte{}, key...)}, int(n))
		if got := Partition(key, n); int(got) != want {
			t.Fatalf("Partition(%q, %d) = %d, franz-go has %d", key, n, got, want)
		}
	})
}
