"""Addresses of this room: joining a course and learning in it."""

from django.urls import path

from courses.views import activity, attempt, editions, enrolment, paths, quiz, result

ACTIVITY = "belajar/<int:enrolment>/<uuid:activity>/"
ATTEMPT = f"{ACTIVITY}percobaan/<int:number>/"

urlpatterns = [
    path("ikuti/<slug:course_key>/", enrolment.enrol, name="enrol"),
    path("belajar/<int:enrolment>/", enrolment.enrolment, name="enrolment"),
    path("belajar/<int:enrolment>/keluar/", enrolment.withdraw, name="withdraw"),
    path("belajar/<int:enrolment>/edisi/", editions.switch, name="switch_edition"),
    path("pelatihan/<slug:course_key>/edisi/", editions.history, name="edition_history"),
    path("jalur/", paths.paths, name="learning_paths"),
    path("jalur/<slug:path_key>/", paths.path, name="learning_path"),
    path(ACTIVITY, activity.activity, name="activity"),
    path(f"{ACTIVITY}selesai/", activity.complete, name="complete"),
    path(f"{ACTIVITY}mulai/", quiz.start, name="start_attempt"),
    path(ATTEMPT, attempt.attempt, name="attempt"),
    path(f"{ATTEMPT}tinjau/", attempt.review, name="attempt_review"),
    path(f"{ATTEMPT}hasil/", result.result, name="attempt_result"),
]
