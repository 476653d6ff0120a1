"""Tests of the changes to the copy of the template, each on a template of its own."""
import os
import tempfile
import unittest

import gaps
import template
from failure import Failure


def of(**resources):
    return {"Resources": resources}


class Adapted(unittest.TestCase):
    def test_a_refused_type_leaves_with_everything_that_names_it(self):
        given = of(
            Archive={"Type": "AWS::Events::Archive"},
            Queue={"Type": "AWS::SQS::Queue", "DependsOn": "Archive", "Properties": {
                "A": {"Ref": "Archive"}, "B": {"Fn::GetAtt": ["Archive", "Arn"]}, "C": {"Fn::Sub": "x ${Archive.Arn}"},
                "D": {"Fn::Sub": "${Queue}"}}})
        given["Outputs"] = {"Gone": {"Value": {"Ref": "Archive"}}, "Kept": {"Value": {"Ref": "Queue"}}}
        self.assertEqual(template.without_types(given, {"AWS::Events::Archive"}), ["Archive"])
        self.assertEqual(list(given["Resources"]), ["Queue"])
        self.assertEqual(given["Resources"]["Queue"]["DependsOn"], [])
        self.assertEqual(given["Resources"]["Queue"]["Properties"], {
            "A": template.ABSENT, "B": template.ABSENT, "C": {"Fn::Sub": f"x {template.ABSENT}"},
            "D": {"Fn::Sub": "${Queue}"}})
        self.assertEqual(list(given["Outputs"]), ["Kept"])

    def test_an_alarm_over_several_metrics_keeps_its_name_and_its_first_metric(self):
        metric = {"Namespace": "LomiCheckout", "MetricName": "Panicked"}
        given = of(Alarm={"Type": "AWS::CloudWatch::Alarm", "Properties": {
            "AlarmName": "Defects", "ThresholdMetricId": "band",
            "Metrics": [{"Id": "band", "Expression": "x"}, {"Id": "x", "MetricStat": {"Metric": metric, "Period": 60}}],
        }})
        self.assertEqual(template.on_first_metric(given), ["Alarm"])
        self.assertEqual(given["Resources"]["Alarm"]["Properties"], {
            "AlarmName": "Defects", **metric, "Period": 60, "Statistic": "Sum", "Threshold": 0,
            "ComparisonOperator": "LessThanThreshold"})

    def test_a_secret_is_named_by_its_arn_and_nothing_else_changes(self):
        given = {"A": {"Ref": "Key"}, "B": [{"Fn::Sub": "${Key} ${Table}"}], "C": {"Ref": "Table"}}
        self.assertEqual(template.with_secret_arns(given, {"Key"}), {
            "A": {"Fn::GetAtt": ["Key", "Id"]}, "B": [{"Fn::Sub": "${Key.Id} ${Table}"}], "C": {"Ref": "Table"}})

    def test_a_function_without_its_binary_is_named(self):
        given = of(OrdersFunction={"Type": template.FUNCTION, "Metadata": {"BuildProperties": {"Binary": "orders"}}})
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(Failure, "lacks orders"):
            template.lay_out(given, folder, folder, folder)


class Compared(unittest.TestCase):
    def test_gaps_that_open_and_gaps_that_close_are_told_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "expected")
            with open(path, "w", encoding="utf-8") as file:
                file.write("IAM\nPipes\n")
            self.assertEqual(gaps.compare(["IAM", "Pipes"], path), ([], []))
            self.assertEqual(gaps.compare(["IAM", "Logs"], path), (["Logs"], ["Pipes"]))
