"""The one-pass analysis of reaching definitions against the textbook's fixed point, on random programs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codeshift.metrics.codebleu.dataflow import data_flow
from codeshift.metrics.codebleu.dataflow.definitions import MAX_DEPTH, Definitions

NAMES = st.sampled_from("abc")
LEAVES = st.one_of(st.tuples(st.just("store"), NAMES, NAMES), st.tuples(st.just("use"), NAMES))


def _compound(statements):
    block = st.lists(statements, max_size=3)
    return st.one_of(
        st.tuples(st.just("if"), NAMES, block, block),
        st.tuples(st.just("if"), NAMES, block, st.none()),
        st.tuples(st.just("while"), NAMES, block),
        st.tuples(st.just("do"), NAMES, block),
    )


PROGRAMS = st.lists(st.recursive(LEAVES, _compound, max_leaves=10), min_size=1, max_size=5)


class Textbook:
    """Writes the program down in Java and finds its edges by repeating each loop until nothing changes."""

    def __init__(self, program):
        self.places = 0
        self.edges: set[tuple[int, int]] = set()
        # Every name is defined first, so that no use is the first that is seen of its name.
        self.text, numbered = self.write([("const", name) for name in "abc"] + program)
        self.run(numbered, {})

    def place(self):
        self.places += 1
        return self.places - 1

    def write(self, block):
        """Java, and the statements with the numbers of their tokens."""
        text, numbered = [], []
        for statement in block:
            what = statement[0]
            if what == "const":
                text.append(f"{statement[1]} = 0;")
                numbered.append(("store", statement[1], self.place(), None, self.place()))
            elif what == "store":
                text.append(f"{statement[1]} = {statement[2]};")
                numbered.append(("store", statement[1], self.place(), statement[2], self.place()))
            elif what == "use":
                text.append(f"f({statement[1]});")
                numbered.append(("use", statement[1], self.place()))
            elif what == "if":
                condition = ("use", statement[1], self.place())
                then, arm = self.write(statement[2])
                other, otherwise = self.write(statement[3] or [])
                text.append(f"if ({statement[1]}) {{ {then} }}" + (f" else {{ {other} }}" if statement[3] else ""))
                numbered.append(("if", condition, arm, otherwise))
            elif what == "while":
                condition = ("use", statement[1], self.place())
                inner, body = self.write(statement[2])
                text.append(f"while ({statement[1]}) {{ {inner} }}")
                numbered.append(("while", condition, body))
            else:
                inner, body = self.write(statement[2])
                text.append(f"do {{ {inner} }} while ({statement[1]});")
                numbered.append(("do", ("use", statement[1], self.place()), body))
        return " ".join(text), numbered

    def run(self, block, reaching):
        for statement in block:
            what = statement[0]
            if what == "use":
                self.edges |= {(statement[2], source) for source in reaching[statement[1]]}
            elif what == "store":
                _, name, target, source_name, source = statement
                if source_name is not None:
                    self.edges |= {(source, s) for s in reaching[source_name]}
                self.edges.add((target, source))
                reaching = {**reaching, name: {target}}
            elif what == "if":
                self.run([statement[1]], reaching)
                reaching = union(self.run(statement[2], reaching), self.run(statement[3], reaching))
            else:
                _, condition, body = statement
                while True:
                    order = [condition, *body] if what == "while" else [*body, condition]
                    end = self.run(order, reaching)
                    again = union(reaching, end)
                    if again == reaching:
                        break
                    reaching = again
                reaching = end if what == "do" else reaching
        return reaching


def union(left, right):
    return {name: left[name] | right[name] for name in left}


@given(PROGRAMS)
def test_one_pass_finds_the_edges_of_the_fixed_point(program):
    """Branches, loops and loops in loops: one pass gives the edges that iterating to a fixed point gives."""
    textbook = Textbook(program)
    found = {(edge.target_place, edge.source_place) for edge in data_flow(textbook.text, "java")}
    assert found == textbook.edges, textbook.text


def test_a_path_that_ends_changes_nothing():
    """Definitions of a path are removed when it is collected, and restored when paths merge."""
    reaching = Definitions()
    reaching.define("x", 0)
    assert reaching.fork()
    reaching.define("x", 1)
    path = reaching.collect()
    assert reaching.places("x", reaching.read("x")) == [0]
    reaching.merge([path], or_none=False)
    assert reaching.places("x", reaching.read("x")) == [1]


def test_depth_is_bounded():
    """Structures nested deeper than the bound open no path of their own."""
    reaching = Definitions()
    forks = [reaching.fork() for _ in range(MAX_DEPTH + 5)]
    assert forks.count(False) == 5
    assert not reaching.begin_loop()
