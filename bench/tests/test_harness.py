"""The harness's arithmetic: what it makes of the figures it reads."""

import contextlib
import sqlite3
import tempfile
import unittest
from pathlib import Path

from harness import checks, contestants, held, judge, processes, tables, workloads


def load(cpu_us, p50_us=100, peak_mb=20.0):
    return {"cpu_us": cpu_us, "per_s": 1000.0, "p50_us": p50_us, "p99_us": 300, "errors": 0, "foreign": 0.1,
            "upstream_connections": 64, "peak_mb": peak_mb}  # fmt: skip


def one_round(trunkline_us, nginx_us):
    return {
        "direct": {"workloads": {"single": {**load(None, 50), "peak_mb": 0.0}}},
        "nginx": {"workloads": {"chat": load(nginx_us), "single": load(5, 80)}, "idle_mb": 18.0, "start_ms": 9.0},
        "trunkline": {
            "workloads": {"chat": load(trunkline_us, peak_mb=61.0), "single": load(6, 86)},
            "idle_mb": 22.0,
            "start_ms": 60.0,
        },
    }


TITLES = {name: workload.title for name, workload in workloads.ALL.items()}


class Holding(unittest.IsolatedAsyncioTestCase):
    async def test_a_stream_waits_in_the_middle_and_ends_whole(self):
        async with held.Upstream() as upstream:
            body = workloads.body("stream", "mock-model")
            stream = held.Stream(upstream.address, workloads.PATH, body, workloads.headers("k"))
            await stream.until_silent()
            self.assertEqual(stream.seen.count(held.WORD.encode()), held.EVENTS)
            self.assertNotIn(b"[DONE]", stream.seen)
            upstream.release.set()
            self.assertTrue(await stream.to_its_end())


class Judging(unittest.TestCase):
    def test_ratios_are_taken_within_a_round_and_judged_by_their_median(self):
        # The second round ran on a machine twice as slow: the ratio of the medians would hide that nothing changed.
        rounds = [one_round(12, 10), one_round(24, 20), one_round(15, 10)]
        chat, added, idle, loaded, start = judge.verdicts(rounds, "trunkline", TITLES)
        self.assertEqual(
            chat, judge.Verdict(f"{TITLES['chat']}: CPU", "us", 15, 10, 1.2, (1.2, 1.5), judge.CPU_RATIO["chat"])
        )
        self.assertEqual((chat.meets_must, chat.meets_aim), (True, False))
        self.assertEqual((added.subject, added.yardstick, added.value), (36, 30, 1.2))
        self.assertEqual((idle.value, idle.meets_aim), (22.0, True))
        self.assertEqual((loaded.value, loaded.meets_must), (61.0, False))
        self.assertEqual((start.value, start.meets_must, start.meets_aim), (60.0, True, False))

    def test_without_nginx_there_are_figures_but_no_verdict_by_ratio(self):
        alone = {"trunkline": one_round(12, 10)["trunkline"]}
        chat = judge.verdicts([alone], "trunkline", {"chat": "chat"})[0]
        self.assertEqual(chat, judge.Verdict("chat: CPU", "us", 12, None, None, None, judge.CPU_RATIO["chat"]))
        self.assertEqual((chat.meets_must, chat.meets_aim), (None, None))

    def test_the_main_table_marks_what_is_met(self):
        table = tables.main_table(judge.verdicts([one_round(12, 10)], "trunkline", {"chat": "chat"}), "trunkline")
        self.assertEqual(
            table.splitlines()[2:],
            [
                "| chat: CPU | 12.0 us | 10.0 us | 1.20 x nginx | 1.20 to 1.20 | 1.4 ✓ | 1.05 ✗ |",
                "| memory idle | 22.0 MB | 18.0 MB | 22.0 MB | 22.0 to 22.0 | 40 ✓ | 25 ✓ |",
                "| memory under load, the most | 61.0 MB | 20.0 MB | 61.0 MB | 61.0 to 61.0 | 60 ✗ | 40 ✗ |",
                "| start to first answer | 60.0 ms | 9.0 ms | 60.0 ms | 60.0 to 60.0 | 150 ✓ | 50 ✗ |",
            ],
        )


class Writing(unittest.TestCase):
    def test_only_the_section_between_the_markers_is_replaced(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "RESULTS.md"
            path.write_text(f"# Results\n{tables.BEGIN}\nold\n{tables.END}\nmore\n")
            tables.write_section(path, "new")
            self.assertEqual(path.read_text(), f"# Results\n{tables.BEGIN}\n\nnew\n\n{tables.END}\nmore\n")

    def test_a_file_without_markers_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "RESULTS.md"
            path.write_text("# Results\n")
            self.assertRaises(ValueError, tables.write_section, path, "new")
            self.assertEqual(path.read_text(), "# Results\n")


class Measuring(unittest.TestCase):
    def test_the_fine_reading_is_used_unless_a_thread_has_ended(self):
        before = processes.Cpu(coarse_us=1_000_000, fine_us=1_004_000)
        self.assertEqual(processes.Cpu(2_000_000, 2_011_000).since(before), 1_007_000)
        self.assertEqual(processes.Cpu(2_000_000, 1_504_000).since(before), 1_000_000)

    def test_rows_and_lines_must_cover_the_requests(self):
        def check(rows, with_tokens, lines, missed):
            account = {"requests": 1000, "ledger_rows": rows, "rows_with_tokens": with_tokens, "log_lines": lines}
            self.assertEqual([check.name for check in checks.accounts(account) if not check.passed], missed)

        check(1001, 980, 1002, [])
        check(980, 980, 1002, ["the ledger has every request"])
        check(1000, 700, 1000, ["its rows count tokens"])
        check(0, 0, 0, ["the ledger has every request", "its rows count tokens", "the log has every request"])

    def test_the_ledger_is_found_among_other_files(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(contestants.ledger_rows(Path(folder)), (0, 0))
            (Path(folder) / "a.db").write_text("no database")
            with contextlib.closing(sqlite3.connect(f"{folder}/trunkline.db")) as database:
                database.execute("CREATE TABLE requests (output_tokens INTEGER NOT NULL)")
                database.execute("INSERT INTO requests VALUES (31), (0), (100)")
                database.commit()
            self.assertEqual(contestants.ledger_rows(Path(folder)), (3, 2))

    def test_the_long_prompt_is_100_kb_and_the_model_comes_after_the_messages(self):
        body = workloads.body("big", "bench")
        self.assertAlmostEqual(len(body), 100 << 10, delta=4096)
        self.assertLess(body.index(b'"messages"'), body.index(b'"model":"bench"'))


if __name__ == "__main__":
    unittest.main()
