import pytest

from zoo.datasets.iqa import find_file, kodak_scene, live_scene, split_scenes
from zoo.datasets.live_iqa.live_iqa_dataset_builder import parse_list as parse_live
from zoo.datasets.tid2013.tid2013_dataset_builder import parse_list, parse_name


@pytest.mark.parametrize(("count", "sizes"), [(25, (15, 5, 5)), (29, (17, 6, 6)), (5, (3, 1, 1))])
def test_papers_sizes_and_no_scene_on_two_sides(count, sizes):
    scenes = [f"s{i}" for i in range(count) for _ in range(4)]
    tests = set()
    for index in range(6):
        parts = split_scenes(scenes, seed=3, index=index)
        assert tuple(len(parts[name]) for name in ("train", "validation", "test")) == sizes
        assert sorted(name for part in parts.values() for name in part) == sorted(set(scenes))
        tests.add(tuple(parts["test"]))
    assert len(tests) > 1
    assert split_scenes(scenes, 3, 0) == split_scenes(scenes[::-1], 3, 0)
    with pytest.raises(ValueError, match="five scenes"):
        split_scenes(scenes[:8], 0)


def test_scenes_that_databases_share_have_one_name():
    assert live_scene("bikes") == kodak_scene(5)
    assert live_scene("Parrots") == kodak_scene(23)
    # Not certain which of these each is: one scene all together.
    assert {live_scene(f"sailing{i}") for i in range(1, 5)} == {kodak_scene(n) for n in (6, 9, 10, 11)}
    assert live_scene("dancers") == "live-dancers"
    assert len({kodak_scene(n) for n in range(1, 26)}) == 25 - 3 - 1 - 1


def test_lines_as_the_databases_have_them():
    text = "5.51429 I01_01_1.bmp\r\n5.56757 i01_01_2.bmp\r\n"
    assert parse_list(text) == [("I01_01_1.bmp", 5.51429), ("i01_01_2.bmp", 5.56757)]
    assert parse_name("I25_24_5.BMP") == (25, 24, 5)
    text = "0.000000 \tjp2k/img1.bmp\tbuildings.bmp\n28.003845 \tjp2k/img2.bmp\tstudentsculpture.bmp\n"
    assert parse_live(text) == [(28.003845, "jp2k/img2.bmp", "studentsculpture.bmp")]


def test_files_are_found_whatever_their_case(tmp_path):
    (tmp_path / "I01.BMP").touch()
    assert find_file(tmp_path, "i01.bmp") == tmp_path / "I01.BMP"
    with pytest.raises(ValueError, match="1 other files"):
        find_file(tmp_path, "i02.bmp")
    with pytest.raises(ValueError, match="no such folder"):
        find_file(tmp_path / "absent", "i02.bmp")
